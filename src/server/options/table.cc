#include "server/options/table.h"
#include "server/options/jetstream_block.h"

#include "server/options/accounts_block.h"
#include "server/options/authorization_block.h"
#include "server/options/metrics_block.h"
#include "server/options/ocsp_block.h"
#include "server/options/operator_block.h"
#include "server/options/readers.h"
#include "server/options/tls_block.h"
#include "server/options/websocket_block.h"

namespace midge::server {
namespace {

template <class Map, class Text>
std::string show_map(const Map& map, Text text) {
  std::string out = "map[";
  for (const auto& [name, value] : map) {
    if (out.back() != '[') out += ' ';
    out += name;
    out += ':';
    out += text(value);
  }
  out += ']';
  return out;
}

std::string show_metadata(const Options& options) {
  return show_map(options.server_metadata, [](const std::string& value) { return value; });
}

std::string show_feature_flags(const Options& options) {
  return show_map(options.feature_flags, [](bool value) { return value ? "true" : "false"; });
}

std::string show_default_domains(const Options& options) {
  return show_map(options.default_js_domains, [](const std::string& value) { return value; });
}

std::string show_list(const std::vector<std::string>& list) {
  std::string out = "[";
  for (const std::string& item : list) {
    if (out.size() > 1) out += ' ';
    out += item;
  }
  return out + "]";
}

std::string show_tags(const Options& options) { return show_list(options.server_tags); }

std::string show_system_account(const Options& options) { return options.system_account; }
std::string show_operators(const Options& options) { return show_list(options.auth.operator_jwts); }
std::string show_trusted_keys(const Options& options) {
  return show_list(options.auth.trusted_keys);
}
std::string show_http_host(const Options& options) { return options.http_host; }

std::string show_write_timeout(const Options& options) {
  constexpr const char* kNames[] = {"", "close", "retry"};
  return kNames[static_cast<int>(options.write_timeout)];
}

std::string show_log_format(const Options& options) { return options.log_json ? "json" : "text"; }

std::string show_slow_consumer_policy(const Options& options) {
  constexpr const char* kNames[] = {"close", "drop_new", "drop_old"};
  return kNames[static_cast<int>(options.slow_consumer_policy)];
}

std::string show_connection_placement(const Options& options) {
  constexpr const char* kNames[] = {"first_idle", "spread"};
  return kNames[static_cast<int>(options.connection_placement)];
}

constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();

// clang-format off
constexpr Row kTable[] = {
    // Who and where.
    {.keys = "listen", .read = read_listen, .type = "host:port",
     .text = "Address for clients: `host:port`, or a port alone"},
    {.keys = "host net", .field = &Options::host, .go_name = "Host",
     .flags = "a addr net", .argument = "<host>",
     .text = "Bind to this host address (default: 0.0.0.0)"},
    {.keys = "port", .field = &Options::port, .zero_is_default = true, .go_name = "Port",
     .flags = "p port", .argument = "<port>",
     .text = "Port for clients, -1 for any free one (default: 4222)"},
    {.keys = "client_advertise", .field = &Options::client_advertise, .reloadable = true,
     .go_name = "ClientAdvertise", .flags = "client_advertise", .argument = "<host:port>",
     .text = "Address told to clients instead of the one listened on"},
    {.keys = "server_name", .field = &Options::server_name, .read = read_server_name,
     .go_name = "ServerName", .flags = "n name server_name", .argument = "<name>",
     .text = "Name of this server (default: its id)"},
    {.keys = "server_tags", .read = read_server_tags, .type = "string or array of strings",
     .reloadable = true, .go_name = "Tags", .show = show_tags,
     .text = "Tags of this server, kept in lower case"},
    {.keys = "server_metadata", .read = read_server_metadata, .type = "map of strings",
     .reloadable = true, .go_name = "Metadata", .show = show_metadata,
     .text = "Names and values shown by monitoring"},
    {.keys = "feature_flags", .read = read_feature_flags, .type = "map of booleans",
     .go_name = "FeatureFlags", .show = show_feature_flags,
     .text = "Behaviour to opt in to, or out of, by name"},

    // Files and processes.
    {.keys = "pid_file pidfile", .field = &Options::pid_file, .reloadable = true,
     .go_name = "PidFile", .flags = "P pid", .argument = "<file>",
     .text = "File that gets the process id"},
    {.keys = "store_dir", .field = &Options::store_dir, .read = read_store_dir, .reloadable = true,
     .go_name = "StoreDir", .flags = "sd store_dir", .argument = "<dir>",
     .group = Group::kJetStream,
     .text = "Folder for the server's own files: JetStream's store, staples of OCSP"},
    {.keys = "ports_file_dir", .field = &Options::ports_file_dir, .reloadable = true,
     .go_name = "PortsFileDir", .flags = "ports_file_dir", .argument = "<dir>",
     .text = "Folder that gets EXECUTABLE_PID.ports, a list of the ports in use"},
    {.keys = "", .type = "string", .flags = "c config", .argument = "<file>",
     .text = "Configuration file"},
    {.keys = "", .type = "bool", .flags = "t", .text = "Check the configuration file and exit"},
    {.keys = "", .type = "string", .flags = "sl signal", .argument = "<signal>[=<pid>]",
     .text = "Signal a running server: ldm, stop, quit, term, reopen or reload; "
             "<pid> is a number or the path of a pid file"},

    // Monitoring.
    {.keys = "http_port monitor_port", .field = &Options::http_port, .go_name = "HTTPPort",
     .flags = "m http_port", .argument = "<port>",
     .text = "Port of the monitoring pages (default: none)"},
    {.keys = "http", .read = read_http, .type = "host:port", .go_name = "HTTPHost",
     .show = show_http_host,
     .text = "Address of the monitoring pages: `host:port`, or a port alone"},
    {.keys = "https", .read = read_https, .type = "host:port",
     .text = "Address of the monitoring pages with TLS"},
    {.keys = "https_port", .field = &Options::https_port, .go_name = "HTTPSPort",
     .flags = "ms https_port", .argument = "<port>",
     .text = "Port of the monitoring pages with TLS (default: none)"},
    {.keys = "http_base_path", .field = &Options::http_base_path, .go_name = "HTTPBasePath",
     .text = "Path in front of the monitoring pages"},
    {.keys = "metrics", .read = read_metrics, .type = "block", .reloadable = true,
     .go_name = "Metrics", .show = show_metrics,
     .text = "What /metrics lists one by one, and by which names (`docs/metrics.md`)"},

    // Log.
    {.keys = "log_file logfile", .field = &Options::log_file, .reloadable = true,
     .go_name = "LogFile", .flags = "l log", .argument = "<file>", .group = Group::kLogging,
     .text = "File for the log, instead of stderr"},
    {.keys = "logtime", .field = &Options::logtime, .reloadable = true, .go_name = "Logtime",
     .flags = "T logtime", .group = Group::kLogging,
     .text = "Log lines carry the time (default: true)"},
    {.keys = "logtime_utc", .field = &Options::logtime_utc, .reloadable = true,
     .go_name = "LogtimeUTC", .flags = "logtime_utc", .group = Group::kLogging,
     .text = "That time is UTC, not local (default: false)"},
    {.keys = "log_format", .read = read_log_format, .type = "text or json", .reloadable = true,
     .go_name = "LogFormat", .show = show_log_format,
     .text = "Log lines as nats-server writes them, or as JSON objects (`docs/logs.md`)"},
    {.keys = "syslog", .field = &Options::syslog, .reloadable = true, .go_name = "Syslog",
     .flags = "s syslog", .group = Group::kLogging, .text = "Log to the system's log"},
    {.keys = "remote_syslog", .field = &Options::remote_syslog, .reloadable = true,
     .go_name = "RemoteSyslog", .flags = "r remote_syslog", .argument = "<addr>",
     .group = Group::kLogging, .text = "Log to a syslog server, as udp://localhost:514"},
    {.keys = "debug", .field = &Options::debug, .reloadable = true, .go_name = "Debug",
     .flags = "D debug", .group = Group::kLogging, .text = "Log what is useful to debug"},
    {.keys = "trace", .field = &Options::trace, .reloadable = true, .go_name = "Trace",
     .flags = "V trace", .group = Group::kLogging, .text = "Log the protocol, line by line"},
    {.keys = "trace_verbose", .field = &Options::trace_verbose, .reloadable = true,
     .go_name = "TraceVerbose", .flags = "VV", .group = Group::kLogging,
     .text = "Trace, the system account included"},
    {.keys = "trace_headers", .field = &Options::trace_headers, .reloadable = true,
     .go_name = "TraceHeaders", .text = "Trace, of messages the headers alone"},
    {.keys = "", .type = "bool", .flags = "DV", .group = Group::kLogging,
     .text = "Debug and trace"},
    {.keys = "", .type = "bool", .flags = "DVV", .group = Group::kLogging,
     .text = "Debug and trace, the system account included"},
    {.keys = "log_size_limit logfile_size_limit", .field = &Options::log_size_limit,
     .go_name = "LogSizeLimit", .flags = "log_size_limit", .argument = "<bytes>",
     .group = Group::kLogging, .text = "Size at which the log file is rotated (default: never)"},
    {.keys = "log_max_num logfile_max_num", .field = &Options::log_max_num,
     .go_name = "LogMaxFiles", .text = "Rotated log files to keep; 0 keeps all"},
    {.keys = "max_traced_msg_len", .field = &Options::max_traced_msg_len, .reloadable = true,
     .go_name = "MaxTracedMsgLen", .flags = "max_traced_msg_len", .argument = "<bytes>",
     .group = Group::kLogging, .text = "Bytes of a message shown in traces (default: all)"},

    // Limits.
    {.keys = "max_connections max_conn", .field = &Options::max_connections,
     .read = read_max_connections, .reloadable = true, .go_name = "MaxConn",
     .text = "Client connections at a time; 0 refuses all"},
    {.keys = "max_subscriptions max_subs", .field = &Options::max_subscriptions,
     .go_name = "MaxSubs", .text = "Subscriptions of one connection; 0: no limit"},
    {.keys = "max_sub_tokens max_subscription_tokens", .field = &Options::max_sub_tokens,
     .read = read_max_sub_tokens, .go_name = "MaxSubTokens",
     .text = "Tokens in the subject of a subscription, 1 to 255"},
    {.keys = "max_payload", .field = &Options::max_payload, .zero_is_default = true,
     .max = kInt32Max, .reloadable = true, .go_name = "MaxPayload",
     .text = "Bytes of one message, headers included"},
    {.keys = "max_pending", .field = &Options::max_pending, .zero_is_default = true,
     .go_name = "MaxPending", .text = "Bytes that may wait for one connection to take them"},
    {.keys = "max_control_line", .field = &Options::max_control_line, .zero_is_default = true,
     .max = kInt32Max, .reloadable = true, .go_name = "MaxControlLine",
     .text = "Bytes of one protocol line"},
    {.keys = "max_closed_clients", .field = &Options::max_closed_clients, .zero_is_default = true,
     .go_name = "MaxClosedClients", .text = "Closed connections that monitoring remembers"},
    {.keys = "memory_limit", .field = &Options::memory_limit, .reloadable = true,
     .go_name = "MemoryLimit",
     .text = "Memory that the whole process may use, at least 64MB; 0: no limit"},

    // Time.
    {.keys = "ping_interval", .field = &Options::ping_interval, .zero_is_default = true,
     .seconds_are_accepted = true, .reloadable = true, .go_name = "PingInterval",
     .text = "Time between two PINGs to a silent client"},
    {.keys = "ping_max", .field = &Options::ping_max, .zero_is_default = true, .reloadable = true,
     .go_name = "MaxPingsOut", .text = "PINGs without answer before the connection is closed"},
    {.keys = "write_deadline", .field = &Options::write_deadline, .zero_is_default = true,
     .seconds_are_accepted = true, .reloadable = true, .go_name = "WriteDeadline",
     .text = "Time a connection has to take its output"},
    {.keys = "write_timeout", .read = read_write_timeout, .type = "default, close or retry",
     .go_name = "WriteTimeout", .show = show_write_timeout,
     .text = "What happens when write_deadline passes"},
    {.keys = "lame_duck_duration", .field = &Options::lame_duck_duration,
     .read = read_lame_duck_duration, .go_name = "LameDuckDuration",
     .text = "Time over which lame duck mode closes the clients, 30s at least"},
    {.keys = "lame_duck_grace_period", .field = &Options::lame_duck_grace_period,
     .read = read_lame_duck_grace_period, .go_name = "LameDuckGracePeriod",
     .text = "Time before lame duck mode closes the first client"},
    {.keys = "connect_error_reports", .field = &Options::connect_error_reports,
     .zero_is_default = true, .reloadable = true, .go_name = "ConnectErrorReports",
     .text = "Failed first attempts to connect from one log line to the next"},
    {.keys = "reconnect_error_reports", .field = &Options::reconnect_error_reports,
     .zero_is_default = true, .reloadable = true, .go_name = "ReconnectErrorReports",
     .text = "Failed attempts to reconnect from one log line to the next"},

    // Delivery.
    {.keys = "no_header_support", .field = &Options::no_header_support,
     .go_name = "NoHeaderSupport", .text = "Clients are told that headers do not work"},
    {.keys = "disable_sublist_cache no_sublist_cache", .field = &Options::disable_sublist_cache,
     .go_name = "NoSublistCache", .text = "Matches are looked up anew for each message"},
    {.keys = "no_fast_producer_stall", .field = &Options::no_fast_producer_stall,
     .reloadable = true, .go_name = "NoFastProducerStall",
     .text = "Producers are not slowed down for a slow reader (nats-server's default: false)"},

    // Who may do what. What changes here is compared as a whole (reload_plan.cc).
    {.keys = "authorization", .read = read_authorization, .type = "block", .reloadable = true,
     .go_name = "Authorization",
     .text = "Who may log in: a user, a token, users; their permissions"},
    {.keys = "", .type = "string", .flags = "user", .argument = "<name>",
     .group = Group::kAuthorization, .text = "User that clients must name"},
    {.keys = "", .type = "string", .flags = "pass", .argument = "<password>",
     .group = Group::kAuthorization, .text = "That user's password"},
    {.keys = "", .type = "string", .flags = "auth", .argument = "<token>",
     .group = Group::kAuthorization, .text = "Token that clients must send"},
    {.keys = "", .type = "string", .flags = "explain-auth", .argument = "<user> <subject>",
     .group = Group::kAuthorization,
     .text = "Tell what a user may do with a subject, by which rule, and exit"},
    {.keys = "accounts", .read = read_accounts, .type = "block", .reloadable = true,
     .go_name = "Accounts", .text = "Accounts: their users, exports, imports, limits, mappings"},
    {.keys = "mappings maps", .read = read_global_mappings, .type = "block", .reloadable = true,
     .go_name = "Mappings", .text = "Mappings of subjects, where no account is named"},
    {.keys = "no_auth_user", .read = read_no_auth_user, .type = "string", .reloadable = true,
     .go_name = "NoAuthUser", .text = "User of clients without credentials"},
    {.keys = "system_account system", .read = read_system_account, .type = "string",
     .go_name = "SystemAccount", .show = show_system_account,
     .text = "Account that watches the server (default: `$SYS`)"},
    {.keys = "no_system_account no_system no_sys_acc", .field = &Options::no_system_account,
     .go_name = "NoSystemAccount", .text = "No account watches the server"},
    {.keys = "proxies", .read = read_proxies, .type = "block", .reloadable = true,
     .go_name = "Proxies", .text = "Keys of proxies to trust"},
    {.keys = "operator operators root roots root_operator root_operators", .read = read_operators,
     .type = "JWT or file, or array", .go_name = "TrustedOperators",
     .show = show_operators, .text = "Operators, whose accounts are served"},
    {.keys = "trusted trusted_keys", .read = read_trusted_keys, .type = "string or array of strings",
     .go_name = "TrustedKeys", .show = show_trusted_keys,
     .text = "Public keys of operators to trust"},
    {.keys = "resolver account_resolver", .read = read_resolver,
     .type = "MEMORY, URL(…) or block", .reloadable = true, .go_name = "AccountResolver",
     .text = "Where accounts' claims come from in operator mode"},
    {.keys = "resolver_tls", .read = read_resolver_tls, .type = "block", .reloadable = true,
     .go_name = "AccountResolverTLSConfig", .text = "TLS towards a URL of accounts' claims"},
    {.keys = "resolver_preload", .read = read_resolver_preload, .type = "map of JWTs",
     .reloadable = true, .go_name = "resolverPreloads",
     .text = "Accounts' claims known from the start"},
    {.keys = "resolver_pinned_accounts", .read = read_resolver_pinned_accounts,
     .type = "string or array of strings", .reloadable = true,
     .go_name = "resolverPinnedAccounts", .text = "Accounts that may log in; all others may not"},
    {.keys = "default_sentinel", .read = read_default_sentinel, .type = "JWT", .reloadable = true,
     .go_name = "DefaultSentinel", .text = "JWT of clients that send none, in operator mode"},

    // TLS.
    {.keys = "tls", .read = read_tls, .type = "block", .reloadable = true, .go_name = "TLSConfig",
     .text = "TLS for clients: certificates, authorities, rules"},
    {.keys = "proxy_protocol", .field = &Options::proxy_protocol, .go_name = "ProxyProtocol",
     .text = "Clients may come through a proxy that says with the PROXY protocol who they are"},
    {.keys = "allow_non_tls", .field = &Options::allow_non_tls, .go_name = "AllowNonTLS",
     .text = "Clients may do without TLS"},
    {.keys = "ocsp", .read = read_ocsp, .type = "bool or block", .reloadable = true,
     .go_name = "OCSPConfig", .text = "OCSP stapling: which certificates, asked where"},
    {.keys = "ocsp_cache", .read = read_ocsp_cache, .type = "bool or block", .reloadable = true,
     .go_name = "OCSPCacheConfig", .text = "Cache of OCSP answers about clients' certificates"},
    {.keys = "", .type = "bool", .flags = "tls", .group = Group::kTls, .text = "TLS for clients"},
    {.keys = "", .type = "string", .flags = "tlscert", .argument = "<file>", .group = Group::kTls,
     .text = "The server's certificate"},
    {.keys = "", .type = "string", .flags = "tlskey", .argument = "<file>", .group = Group::kTls,
     .text = "The certificate's private key"},
    {.keys = "", .type = "bool", .flags = "tlsverify", .group = Group::kTls,
     .text = "TLS, with certificates of clients verified"},
    {.keys = "", .type = "string", .flags = "tlscacert", .argument = "<file>",
     .group = Group::kTls, .text = "Authority for clients' certificates"},

    // Midge's own.
    {.keys = "loops", .field = &Options::loops, .read = read_loops, .go_name = "Loops",
     .text = "Threads that serve connections; 0: one per core granted to the process"},
    {.keys = "slow_consumer_policy", .read = read_slow_consumer_policy,
     .type = "close, drop_new or drop_old", .go_name = "SlowConsumerPolicy",
     .show = show_slow_consumer_policy,
     .text = "What happens to a client whose output exceeds max_pending"},
    {.keys = "connection_placement", .read = read_connection_placement,
     .type = "first_idle or spread", .go_name = "ConnectionPlacement",
     .show = show_connection_placement,
     .text = "Which loop a new connection goes to"},

    {.keys = "prof_port", .field = &Options::prof_port, .go_name = "ProfPort", .flags = "profile",
     .argument = "<port>", .group = Group::kProfiling,
     .text = "Port of profiles for `go tool pprof` (default: none)"},

    // Known, without effect.
    {.keys = "prof_block_rate", .type = "int64", .support = Support::kNoEffect,
     .text = "Rate of nats-server's profiler; accepted without effect"},

    {.keys = "jetstream", .field = &Options::jetstream_enabled, .read = read_jetstream,
     .go_name = "JetStream", .flags = "js jetstream", .group = Group::kJetStream,
     .text = "Enable JetStream"},

    {.keys = "websocket ws", .read = read_websocket, .type = "block", .go_name = "Websocket",
     .text = "Listener for clients that come over WebSocket"},

    {.keys = "default_js_domain", .read = read_default_domains, .type = "block",
     .go_name = "JsAccDefaultDomain", .show = show_default_domains, .group = Group::kJetStream,
     .text = "JetStream domain by account, for accounts without JetStream of their own"},

    // Parts that do not exist yet.
    {.keys = "cluster", .read = refuse, .type = "string", .support = Support::kUnsupported,
     .flags = "cluster", .argument = "<url>", .group = Group::kCluster,
     .text = "Address for routes of the cluster"},
    {.keys = "", .type = "string", .support = Support::kUnsupported, .flags = "routes",
     .argument = "<url,url>", .group = Group::kCluster,
     .text = "Servers of the cluster to connect to"},
    {.keys = "", .type = "string", .support = Support::kUnsupported, .flags = "cluster_name",
     .argument = "<name>", .group = Group::kCluster, .text = "Name of the cluster"},
    {.keys = "", .type = "string", .support = Support::kUnsupported, .flags = "cluster_listen",
     .argument = "<url>", .group = Group::kCluster, .text = "Address for routes of the cluster"},
    {.keys = "", .type = "string", .support = Support::kUnsupported, .flags = "cluster_advertise",
     .argument = "<host:port>", .group = Group::kCluster,
     .text = "Address told to other servers of the cluster"},
    {.keys = "", .type = "bool", .support = Support::kUnsupported, .flags = "no_advertise",
     .group = Group::kCluster, .text = "Clients are not told of the cluster's other servers"},
    {.keys = "", .type = "int64", .support = Support::kUnsupported, .flags = "connect_retries",
     .argument = "<number>", .group = Group::kCluster, .text = "Attempts to connect to a route"},
    {.keys = "gateway", .read = refuse, .support = Support::kUnsupported, .text = "Gateways"},
    {.keys = "leafnodes leaf", .read = refuse, .support = Support::kUnsupported,
     .text = "Leaf nodes"},
    {.keys = "mqtt", .read = refuse, .support = Support::kUnsupported, .text = "MQTT clients"},

    {.keys = "", .type = "bool", .flags = "h help", .group = Group::kCommon,
     .text = "Show this help"},
    {.keys = "", .type = "bool", .flags = "v version", .group = Group::kCommon,
     .text = "Show the version"},
    {.keys = "", .type = "bool", .flags = "help_tls", .group = Group::kCommon,
     .text = "Show help on TLS"},
    {.keys = "", .type = "bool", .flags = "help_options", .group = Group::kCommon,
     .text = "Show all options of the configuration file, in Markdown"},
};
// clang-format on

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

}  // namespace

std::span<const Row> option_table() { return kTable; }

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = lower(c);
  return out;
}

std::string_view first_name(std::string_view names) { return names.substr(0, names.find(' ')); }

bool contains_name(std::string_view names, std::string_view name) {
  while (!names.empty()) {
    const std::string_view first = first_name(names);
    if (first == name) return true;
    names.remove_prefix(std::min(names.size(), first.size() + 1));
  }
  return false;
}

const Row* find_option(std::string_view key) {
  const std::string name = lower_case(key);
  for (const Row& row : kTable)
    if (contains_name(row.keys, name)) return &row;
  return nullptr;
}

const Row* find_flag(std::string_view name) {
  for (const Row& row : kTable)
    if (contains_name(row.flags, name)) return &row;
  return nullptr;
}

}  // namespace midge::server
