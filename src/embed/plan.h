// What a program asks of its server, as midge-server reads it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "io/env.h"
#include "midge/server.h"
#include "server/options/options.h"

namespace midge::embed {

struct Plan {
  server::Options options;
  std::vector<std::string> notes;  // for the log, once it is there
};

// Reads files. Errors: kInvalid.
Result<Plan> read_plan(const ServerOptions& asked, io::Env& env);

}  // namespace midge::embed
