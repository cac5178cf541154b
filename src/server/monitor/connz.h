// `/connz`: connections, open and closed, filtered, sorted and paged. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "server/monitor/gather.h"
#include "server/monitor/links.h"
#include "server/monitor/query.h"

namespace midge::server {

enum class ConnectionState : std::uint8_t { kOpen, kClosed, kAll };
enum class ConnectionOrder : std::uint8_t {
  kCid,
  kStart,
  kSubscriptions,
  kPending,
  kMsgsTo,
  kMsgsFrom,
  kBytesTo,
  kBytesFrom,
  kLast,
  kIdle,
  kUptime,
  kStop,
  kReason,
  kRtt,
};

struct ConnzRequest {
  ConnectionOrder order = ConnectionOrder::kCid;
  ConnectionState state = ConnectionState::kOpen;
  SubscriptionDetail subscriptions = SubscriptionDetail::kNone;
  bool auth = false;  // show users and accounts
  std::int64_t offset = 0;
  std::int64_t limit = 1024;
  std::uint64_t cid = 0;      // 0 = all
  std::string user, account;  // "" = all
  std::string mqtt_client;
  std::string filter_subject;  // only those that have subscribed to it; "" = all

  [[nodiscard]] Wanted wanted() const;
};

// The parameter that the system account's requests have beyond HTTP's.
inline constexpr std::string_view kFilterSubject = "filter subject";

// Errors are the body of a 400.
[[nodiscard]] Result<ConnzRequest> parse_connz(const Query& query);

void write_connz(codec::JsonWriter& json, const ConnzRequest& request, std::string_view server_id,
                 WallTime now, const Parts& parts);
[[nodiscard]] std::string compose_connz(const ConnzRequest& request, std::string_view server_id,
                                        WallTime now, const Parts& parts);

}  // namespace midge::server
