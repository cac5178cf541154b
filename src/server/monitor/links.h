// `/routez`, `/gatewayz`, `/leafz`, `/raftz`: this server's connections to others. A server on its
// own has none; what is asked is judged all the same. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "codec/json_writer.h"
#include "server/monitor/query.h"

namespace midge::server {

enum class SubscriptionDetail : std::uint8_t { kNone, kSubjects, kDetail };

struct RoutezRequest {
  SubscriptionDetail subscriptions = SubscriptionDetail::kNone;
};
struct GatewayzRequest {
  std::string name;          // of the gateway; "" = all
  bool accounts = false;     // all of them
  std::string account_name;  // one of them
  SubscriptionDetail subscriptions = SubscriptionDetail::kNone;
};
struct LeafzRequest {
  bool subscriptions = false;
  std::string account;  // "" = all
};
// Of a query: errors are the body of a 400.
[[nodiscard]] Result<SubscriptionDetail> parse_subscription_detail(const Query& query);
[[nodiscard]] Result<RoutezRequest> parse_routez(const Query& query);
[[nodiscard]] Result<GatewayzRequest> parse_gatewayz(const Query& query);
[[nodiscard]] Result<LeafzRequest> parse_leafz(const Query& query);

// Who answers.
struct Answerer {
  std::string_view server_id, server_name;
  WallTime now;
};

void write_routez(codec::JsonWriter& json, const RoutezRequest& request, const Answerer& answerer);
void write_gatewayz(codec::JsonWriter& json, const GatewayzRequest& request,
                    const Answerer& answerer);
void write_leafz(codec::JsonWriter& json, const LeafzRequest& request, const Answerer& answerer);
// What /raftz says of a server without groups, with 404.
inline constexpr std::string_view kNoRaftGroups = "No Raft nodes registered";

}  // namespace midge::server
