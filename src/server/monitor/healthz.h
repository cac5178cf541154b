// `/healthz`: whether clients can be served. `/livez`: whether the process still works, beyond the
// peer. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "broker/memory_budget.h"
#include "io/loop.h"
#include "jetstream/fwd.h"
#include "jetstream/report.h"
#include "server/monitor/http_message.h"
#include "server/monitor/query.h"

namespace midge::server {

struct HealthzRequest {
  bool details = false;
  bool server_only = false;  // not what is in JetStream
  std::string account, stream, consumer;
};

// Errors are the body of a 400.
[[nodiscard]] Result<HealthzRequest> parse_healthz(const Query& query);

struct HealthAnswer {
  HttpResponse response;
  std::string failure;  // for the log; "" = healthy
};

// What is asked for is not there, or not well; nothing: all is. `report`: null without JetStream,
// where nothing is looked for.
struct AssetFault {
  std::string_view type;  // ACCOUNT, STREAM, CONSUMER
  std::string error;
};
[[nodiscard]] std::optional<AssetFault> find_asset_fault(const HealthzRequest& request,
                                                         const jetstream::Report* report);
[[nodiscard]] HealthAnswer unhealthy_asset(const HealthzRequest& request, const AssetFault& fault);

// `accepting`: the client port takes connections.
[[nodiscard]] HealthAnswer compose_healthz(const HealthzRequest& request, bool accepting);

// JetStream is not there yet, or could not be started; or what it found damaged, which restarting
// does not mend: that stands beside "ok".
[[nodiscard]] HealthAnswer add_jetstream(const HealthzRequest& request, HealthAnswer answer,
                                         jetstream::JetStream& jetstream);

// The process has all the memory it may have.
[[nodiscard]] HealthAnswer unhealthy_memory(const HealthzRequest& request,
                                            const broker::MemoryBudget& memory);

// A loop that spends longer than this in one tick is stuck.
inline constexpr Duration kStuckAfter = seconds(5);

// `loads`: of all loops, in order.
[[nodiscard]] HealthAnswer compose_livez(const std::vector<io::LoopLoad>& loads);

}  // namespace midge::server
