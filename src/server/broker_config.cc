#include "server/broker_config.h"

#include <algorithm>
#include <iterator>
#include <memory>

#include "server/jetstream_settings.h"
#include "server/system/server_json.h"
#include "server/websocket_listener.h"

namespace midge::server {

namespace {

using broker::ResponseType;

constexpr int kApiLevel = 5;  // the level that 2.15 announces, with JetStream or without

proto::ServerInfo make_info(const Options& options, const Identity& identity) {
  proto::ServerInfo info;
  info.server_id = identity.id;
  info.server_name = identity.name;
  info.version = kCompatibilityVersion;
  info.midge_version = kMidgeVersion;
  info.go = "none";
  info.host = identity.told_host();
  info.port = identity.told_port();
  info.headers = !options.no_header_support;
  if (options.tls) {
    info.tls_required = !options.allow_non_tls;
    info.tls_available = options.allow_non_tls;
    info.tls_verify = options.tls->verify || options.tls->verify_and_map;
  }
  info.max_payload = options.max_payload;
  info.api_level = kApiLevel;
  info.jetstream = options.jetstream_enabled;
  if (options.jetstream_enabled) info.domain = options.jetstream.domain;
  info.xkey = identity.xkey;
  info.connect_urls = identity.connect_urls;
  return info;
}

void describe_global_account(broker::BrokerConfig& config) {
  if (std::ranges::find(config.accounts, "$G", &broker::AccountConfig::name) ==
      config.accounts.end())
    config.accounts.push_back({.name = "$G"});
}

// Each account needs a description of its own to import what all do.
void add_default_services(broker::BrokerConfig& config) {
  describe_global_account(config);
  config.default_services = default_services();
}

// The API's subjects with the domain in them, in every account.
void add_domain(broker::BrokerConfig& config, const std::string& domain) {
  if (domain.empty()) return;
  describe_global_account(config);
  for (broker::AccountConfig& account : config.accounts)
    std::ranges::copy(domain_mappings(domain), std::back_inserter(account.mappings));
}

// What an account asks of the API goes to its domain.
void add_default_domains(broker::BrokerConfig& config, const Options& options) {
  for (broker::AccountConfig& account : config.accounts) {
    const auto found = options.default_js_domains.find(account.name);
    if (found == options.default_js_domains.end() || account.jetstream) continue;
    for (const broker::MappingConfig& mapping : domain_mappings(found->second)) {
      const std::string& plain = mapping.destinations.front().subject;
      if (plain != mapping.source) account.mappings.push_back({plain, {{mapping.source, 100, ""}}});
    }
  }
}

broker::SignEvent make_signature(const Options& options, const Identity& identity) {
  return [facts = facts_of(identity, options), events = identity.events](
             codec::JsonWriter& json, WallTime now) { write_server(json, facts, ++*events, now); };
}

}  // namespace

std::vector<broker::DefaultService> default_services() {
  return {
      {"$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.ACCOUNT.*.CONNZ", ResponseType::kStream},
      {"$SYS.REQ.SERVER.PING.CONNZ", "$SYS.REQ.ACCOUNT.*.CONNZ", ResponseType::kStream},
      {"$SYS.REQ.ACCOUNT.PING.STATZ", "$SYS.REQ.ACCOUNT.*.STATZ", ResponseType::kStream},
      {"$SYS.REQ.USER.INFO", "$SYS.REQ.USER.*.INFO", ResponseType::kSingleton, true},
  };
}

broker::BrokerConfigPtr make_broker_config(const Options& options, const Identity& identity,
                                           Logins logins, broker::Inquirer* inquirer) {
  auto config = std::make_shared<broker::BrokerConfig>();
  config->info = make_info(options, identity);
  config->info.auth_required = logins.clients && logins.clients->required();
  config->authenticator = std::move(logins.clients);
  config->web_socket = make_websocket_config(options, std::move(logins.web_sockets));
  config->inquirer = inquirer;
  config->auth_timeout = options.auth.timeout;
  config->parser.max_control_line = static_cast<std::uint32_t>(options.max_control_line);
  config->parser.max_payload = options.max_payload;
  config->headers = !options.no_header_support;
  config->sign_event = make_signature(options, identity);
  config->max_connections = options.max_connections;
  config->max_subscriptions = options.max_subscriptions;
  config->max_sub_tokens = options.max_sub_tokens;
  config->max_pending = options.max_pending;
  config->memory_limit = options.memory_limit;
  config->max_closed_clients = options.max_closed_clients;
  config->max_traced_msg_len = options.max_traced_msg_len;
  config->trace_headers = options.trace_headers;
  config->ping_interval = options.ping_interval;
  config->ping_max = options.ping_max;
  config->write_deadline = options.write_deadline;
  config->write_timeout = options.write_timeout;
  config->slow_consumer_policy = options.slow_consumer_policy;
  config->placement = options.connection_placement;
  config->stall_fast_producers = !options.no_fast_producer_stall;
  config->cache_routes = !options.disable_sublist_cache;
  config->accounts = options.accounts;
  if (options.jetstream_enabled) add_domain(*config, options.jetstream.domain);
  add_default_domains(*config, options);
  if (!options.no_system_account) add_default_services(*config);
  config->system_account = options.system_account;
  if (options.tls) config->pinned_certs = options.tls->pinned_certs;
  return config;
}

}  // namespace midge::server
