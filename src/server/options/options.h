// What one server is configured to do: the result of defaults, configuration file and command line.
//
// A value type without behaviour. Every field is described by one row of the options table
// (table.cc): its keys, unit, flags, and whether a reload may change it. Fields keep the values the
// user gave; what a value of zero or less means is said beside it.
// Thread: any; an Options that loops share is immutable, a reload makes a new one.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "auth/auth_config.h"
#include "auth/authenticator.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/account_config.h"
#include "broker/config.h"
#include "midge/version.h"
#include "server/options/jetstream_options.h"
#include "server/options/metrics_config.h"
#include "server/options/websocket_options.h"
#include "tls/tls_config.h"

namespace midge::server {

inline constexpr const char* kCompatibilityVersion = "2.15.2";  // what clients and tools test for
inline constexpr const char* kMidgeVersion = kVersion.data();

inline constexpr int kPortDefault = 4222;
inline constexpr int kPortRandom = -1;

using broker::ConnectionPlacement;
using broker::SlowConsumerPolicy;
using broker::WriteTimeoutPolicy;

// Which of the server's certificates come with an answer of their authority's OCSP responder.
enum class OcspMode : std::uint8_t {
  kAuto,    // those that say they must
  kAlways,  // all; a revoked one ends the server
  kNever,
  kMust,  // those that say they must; a revoked one ends the server
};

struct OcspConfig {
  OcspMode mode = OcspMode::kAuto;
  std::vector<std::string> urls;  // of responders; empty: those the certificates name

  bool operator==(const OcspConfig&) const = default;
};

// Of answers about clients' certificates.
struct OcspCacheConfig {
  bool local = true;                 // false: none are kept
  std::string local_store = "_rc_";  // a folder
  bool preserve_revoked = false;     // those are never forgotten
  Duration save_interval = minutes(5);

  bool operator==(const OcspCacheConfig&) const = default;
};

struct Options {
  // Where it came from.
  std::string config_file;    // as the user wrote it; empty without one
  std::string config_digest;  // `sha256:<hex>` of the parsed file; empty without one

  // Who and where.
  std::string host = "0.0.0.0";
  int port = kPortDefault;               // -1: any free one
  bool listens = true;                   // false: for clients in process only; no key sets it
  std::string client_advertise;          // `host` or `host:port`; checked by check()
  std::string server_name;               // empty: the server's id
  std::vector<std::string> server_tags;  // lower case
  std::map<std::string, std::string> server_metadata;
  std::map<std::string, bool> feature_flags;  // as written, known or not

  // Log.
  bool debug = false;
  bool trace = false;
  bool trace_verbose = false;  // the system account's traffic too; implies trace
  bool trace_headers = false;  // of a message only its headers; implies trace
  bool logtime = true;
  bool logtime_utc = false;
  bool log_json = false;
  std::string log_file;
  std::int64_t log_size_limit = 0;  // bytes; 0: no rotation
  std::int64_t log_max_num = 0;     // files kept after rotation; 0: all
  bool syslog = false;
  std::string remote_syslog;
  std::int64_t max_traced_msg_len = 0;  // bytes of payload shown in traces; 0: all

  // Files for the operator.
  std::string pid_file;
  std::string ports_file_dir;

  // Where the server keeps its own files; empty: nowhere.
  std::string store_dir;

  // Monitoring. Ports: 0 off, -1 any free one.
  std::string http_host;  // empty: `host`
  int http_port = 0;
  int https_port = 0;
  std::string http_base_path;
  MetricsConfig metrics;
  int prof_port = 0;  // of profiles, on `host`

  std::optional<WebSocketOptions> websocket;

  bool jetstream_enabled = false;
  JetStreamOptions jetstream;
  // Accounts without JetStream of their own, whose requests to the API go to this domain; "" =
  // none.
  std::map<std::string, std::string> default_js_domains;

  // Limits.
  std::int64_t max_connections = 65536;  // below 0: refuse all (a 0 in the file is kept as -1)
  std::int64_t max_subscriptions = 0;    // per connection; 0: no limit
  int max_sub_tokens = 0;                // 0: no limit
  std::int64_t max_payload = 1024 * 1024;
  std::int64_t max_pending = 64 * 1024 * 1024;
  std::int64_t max_control_line = 4096;
  std::int64_t max_closed_clients = 10000;
  std::int64_t memory_limit = 0;  // of the process; 0: none

  // Time.
  Duration ping_interval = minutes(2);
  int ping_max = 2;
  Duration write_deadline = seconds(10);
  WriteTimeoutPolicy write_timeout = WriteTimeoutPolicy::kDefault;
  Duration lame_duck_duration = minutes(2);
  Duration lame_duck_grace_period = seconds(10);
  std::int64_t connect_error_reports = 3600;
  std::int64_t reconnect_error_reports = 1;

  // Delivery.
  bool no_header_support = false;
  bool disable_sublist_cache = false;
  // True here, false in nats-server: a slow reader does not slow its producers.
  bool no_fast_producer_stall = true;

  // Who may do what.
  auth::AuthConfig auth;
  // Decides all logins in place of `auth`, in a program that embeds the server; no key sets it.
  auth::AuthenticatorPtr authenticator;
  std::vector<broker::AccountConfig> accounts;
  std::string system_account;  // empty: `$SYS`
  bool no_system_account = false;

  // TLS.
  std::optional<tls::TlsConfig> tls;
  bool allow_non_tls = false;
  bool proxy_protocol = false;  // clients may come through a proxy that says who they are
  std::optional<tls::TlsConfig> resolver_tls;  // towards a URL of accounts' claims
  std::optional<OcspConfig> ocsp;              // unset: as kAuto
  std::optional<OcspCacheConfig> ocsp_cache;   // unset: the defaults

  // Midge's own.
  unsigned loops = 0;  // 0: one per core that the cgroup grants
  SlowConsumerPolicy slow_consumer_policy = SlowConsumerPolicy::kClose;
  ConnectionPlacement connection_placement = ConnectionPlacement::kFirstIdle;
};

// "" if there is none.
[[nodiscard]] inline std::string system_account_name(const Options& options) {
  if (options.no_system_account) return "";
  return options.system_account.empty() ? "$SYS" : options.system_account;
}

// What has to hold between options, as the server asks it at start. The error's text is what
// nats-server prints in the same case (after `nats-server: `).
[[nodiscard]] Result<void> check(const Options& options);

// What nats-server finds once its log is open and it starts to listen: the text is the fatal log
// line. Call after check(), before the listeners.
[[nodiscard]] Result<void> check_start(const Options& options);

}  // namespace midge::server
