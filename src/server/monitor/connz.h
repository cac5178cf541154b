// `/connz`: which connections are listed, in which order, and how each is written. Pure; any
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "broker/stats.h"
#include "codec/json_writer.h"
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

  // Whether the next three look at nothing but the cid.
  [[nodiscard]] bool knows_by_cid() const;
  // Whether the connection is in `total`, and then, whether it is listed.
  [[nodiscard]] bool counts(const broker::ConnectionInfo& info) const;
  [[nodiscard]] bool shows(const broker::ConnectionInfo& info) const;
  // Connections are listed with the least first; equal ones by their cids.
  [[nodiscard]] std::int64_t rank(const broker::ConnectionInfo& info, WallTime now) const;
};

// The parameter that the system account's requests have beyond HTTP's.
inline constexpr std::string_view kFilterSubject = "filter subject";

// Errors are the body of a 400.
[[nodiscard]] Result<ConnzRequest> parse_connz(const Query& query);

// What is to be answered.
struct ConnzTask {
  ConnzRequest request;
  std::string server_id;
  WallTime now;
  bool pretty = true;
};

// The answer is put together from parts that several write, a step at a time (connz_listing.h): a
// frame, and between its head and its tail connections, the first without its comma.
struct ConnzCount {
  std::size_t shown = 0;
  std::size_t total = 0;  // before filters and paging
};
struct ConnzFrame {
  std::string head, tail;
};
[[nodiscard]] ConnzFrame connz_frame(const ConnzTask& task, const ConnzCount& count);
[[nodiscard]] codec::JsonWriter connections_writer(const ConnzTask& task);
// `list`: the connection's subscriptions as the next ones write them, "" = none.
void write_connection(codec::JsonWriter& json, const ConnzTask& task,
                      const broker::ConnectionInfo& info, std::string_view list);
// For a list of subscriptions, and one of them.
[[nodiscard]] codec::JsonWriter subscriptions_writer(const ConnzTask& task);
void write_listed(codec::JsonWriter& json, const ConnzTask& task,
                  const broker::SubscriptionInfo& one, bool is_closed);
// The list of a connection that is closed: they are few.
[[nodiscard]] std::string closed_subscriptions(const ConnzTask& task,
                                               const broker::ConnectionInfo& info);

}  // namespace midge::server
