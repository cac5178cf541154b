// What a changed configuration means for a running server: refused, or a list of changes.
// Made from the options table: a row says whether its option may change.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "server/options/options.h"

namespace midge::server {

struct ReloadPlan {
  // For the log, at info: `Reloaded: max_payload = 2097152`. In table order; empty if nothing
  // changed.
  std::vector<std::string> lines;
};

// Errors: `config reload not supported for Port: old=4222, new=4333`: the first option that may not
// change while the server runs. Then nothing is to be applied.
[[nodiscard]] Result<ReloadPlan> plan_reload(const Options& now, const Options& next);

}  // namespace midge::server
