// Flags as Go's `flag` package reads them: `-p 4222`, `--port=4222`, `-D`, `-D=false`; the first
// argument that is not a flag, or a `--`, ends them.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/options/table.h"

namespace midge::server {

struct FlagValue {
  const Row* row = nullptr;
  std::string name;  // as the user wrote it, without dashes
  std::string text;  // of strings
  std::int64_t integer = 0;
  bool boolean = false;
};

struct ParsedFlags {
  std::vector<FlagValue> values;       // in the order given
  std::vector<std::string> arguments;  // what is left

  // The last value given for this flag, by any of its names, or null.
  [[nodiscard]] const FlagValue* find(std::string_view name) const;
  [[nodiscard]] bool is_on(std::string_view name) const;
};

// Errors are worded as Go words them.
[[nodiscard]] Result<ParsedFlags> parse_flags(std::span<const std::string> arguments);

}  // namespace midge::server
