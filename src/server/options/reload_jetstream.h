// What a reload means for JetStream: its sizes may grow and its limits change, the rest is refused
// in nats-server's words.
#pragma once

#include "base/result.h"
#include "server/options/options.h"
#include "server/options/reload_plan.h"

namespace midge::server {

[[nodiscard]] Result<void> plan_jetstream(const Options& now, const Options& next,
                                          ReloadPlan& plan);

}  // namespace midge::server
