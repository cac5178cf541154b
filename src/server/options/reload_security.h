// The part of a reload plan that no plain option tells of: users, accounts, TLS.
#pragma once

#include "base/result.h"
#include "server/options/options.h"
#include "server/options/reload_plan.h"

namespace midge::server {

// Adds to `plan`. Errors: what may not change while the server runs.
[[nodiscard]] Result<void> plan_security(const Options& now, const Options& next, ReloadPlan& plan);

}  // namespace midge::server
