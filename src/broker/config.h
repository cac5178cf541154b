// What the broker must know of the configuration. Immutable: a reload makes a new one, and each
// loop takes it over at the edge of a tick.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "base/time.h"
#include "broker/account_config.h"
#include "broker/fwd.h"
#include "proto/client_parser.h"
#include "proto/server_info.h"

namespace midge::codec {
class JsonWriter;
}

namespace midge::broker {

// What happens to a client whose pending output exceeds max_pending.
enum class SlowConsumerPolicy : std::uint8_t {
  kClose,    // the connection ends (nats-server's behaviour)
  kDropNew,  // new messages for it are dropped until there is room
  kDropOld,  // its oldest whole messages not yet under way are dropped to make room
};

// Which loop a new connection goes to.
enum class ConnectionPlacement : std::uint8_t {
  kFirstIdle,  // the first loop that is not busy: few connections share a loop
  kSpread,     // each loop in turn
};

// What happens to a client that did not take its output within write_deadline.
enum class WriteTimeoutPolicy : std::uint8_t { kDefault, kClose, kRetry };

// Writes the member `server` of an event that this server tells of. Any thread.
using SignEvent = std::function<void(codec::JsonWriter&, WallTime now)>;

// What is different for clients that come over a web socket.
struct WebSocketConfig {
  auth::AuthenticatorPtr authenticator;
  bool auth_required = false;  // as INFO says it
  Duration auth_timeout = seconds(2);
  Duration ping_interval = minutes(2);
  std::string host;  // where they came in
  int port = 0;
  bool tls = false;
  std::vector<std::string> pinned_certs;
};

struct BrokerConfig {
  proto::ServerInfo info;  // without the fields of one connection
  proto::ParserLimits parser;
  bool headers = true;
  std::int64_t max_connections = 65536;  // < 0 = refuse all, as the peer reads 0 in a file
  std::int64_t max_subscriptions = 0;    // per connection; 0 = unlimited
  std::int64_t max_sub_tokens = 0;       // 0 = unlimited
  std::int64_t max_pending = 64 << 20;
  std::int64_t memory_limit = 0;  // of the process; 0 = none
  std::int64_t max_closed_clients = 10000;
  std::int64_t max_traced_msg_len = 0;  // 0 = unlimited
  bool trace_headers = false;
  Duration ping_interval = minutes(2);
  int ping_max = 2;
  Duration write_deadline = seconds(10);
  WriteTimeoutPolicy write_timeout = WriteTimeoutPolicy::kDefault;
  SlowConsumerPolicy slow_consumer_policy = SlowConsumerPolicy::kClose;
  ConnectionPlacement placement = ConnectionPlacement::kFirstIdle;
  bool stall_fast_producers = false;     // no_fast_producer_stall: false
  bool cache_routes = true;              // disable_sublist_cache: false
  auth::AuthenticatorPtr authenticator;  // null: everybody is welcome, in `$G`
  Inquirer* inquirer = nullptr;          // of logins that services decide; outlives the broker
  Duration auth_timeout = seconds(2);
  SignEvent sign_event;
  std::vector<std::string> pinned_certs;  // as the listener's; for those who are connected already
  WebSocketConfig web_socket;
  std::vector<AccountConfig> accounts;  // beside `$G` and `$SYS`, unless they are described
  std::vector<DefaultService> default_services;
  std::string system_account;  // what `$SYS` is called; "" = that. As at the start.
};

using BrokerConfigPtr = std::shared_ptr<const BrokerConfig>;

}  // namespace midge::broker
