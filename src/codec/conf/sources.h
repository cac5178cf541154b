// Where a configuration gets what is not in its text: other files and the environment.
// Passed in, so that parsing is a pure function for tests, fuzzing and the simulator.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace midge::conf {

struct Sources {
  // The whole file, or an error whose text names the path (`open x.conf: no such file or
  // directory`).
  std::function<Result<std::string>(const std::string& path)> read_file;
  // A variable of the environment.
  std::function<std::optional<std::string>(const std::string& name)> environment;
};

}  // namespace midge::conf
