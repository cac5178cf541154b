// The requests of the system account: their subjects, what their bodies hold, who answers them. A
// new endpoint of monitoring is a row here.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "server/system/request_body.h"

namespace midge::server {

// In which way the answer comes about (system_service.cc).
enum class RequestKind : std::uint8_t {
  kMonitor,      // monitoring's `endpoint`, as `data`
  kStatsz,       // the same, as `statsz`
  kHealthz,      // the same, with the status inside
  kStats,        // the same, unless it lists nobody
  kGroups,       // the same; where it finds none, an empty object
  kConnections,  // the figures of one account, as an event is
  kIdentity,
  kReload,
  kProfile,
  kUser,         // of whoever asks
  kSubscribers,  // how many, in the system account
  kKick,
  kLameDuck,
};

struct RequestRow {
  std::string_view name;
  RequestKind kind;
  std::string_view endpoint;  // of monitoring
  const BodyType* body;
  std::string_view account = "";  // the parameter that names the account, of those about one
  std::string_view always = "";   // more of the query
};

// `$SYS.REQ.SERVER.PING.<name>` and `$SYS.REQ.SERVER.<id>.<name>`.
[[nodiscard]] std::span<const RequestRow> server_requests();
// `$SYS.REQ.SERVER.<id>.<name>` alone.
[[nodiscard]] std::span<const RequestRow> own_requests();
// `$SYS.REQ.ACCOUNT.<account>.<name>`.
[[nodiscard]] std::span<const RequestRow> account_requests();
// `$SYS.REQ.USER.INFO`, and `$SYS.REQ.USER.<account>.INFO` of other accounts.
[[nodiscard]] const RequestRow& user_request();
// `$SYS.DEBUG.SUBSCRIBERS`.
[[nodiscard]] const RequestRow& subscribers_request();
// `$SYS.REQ.SERVER.PING`.
[[nodiscard]] const RequestRow& ping_request();

}  // namespace midge::server
