#include "server/broker_config.h"

#include <memory>

namespace midge::server {

namespace {

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
  info.xkey = identity.xkey;
  info.connect_urls = identity.connect_urls;
  return info;
}

}  // namespace

broker::BrokerConfigPtr make_broker_config(const Options& options, const Identity& identity,
                                           auth::AuthenticatorPtr authenticator) {
  auto config = std::make_shared<broker::BrokerConfig>();
  config->info = make_info(options, identity);
  config->info.auth_required = authenticator && authenticator->required();
  config->authenticator = std::move(authenticator);
  config->auth_timeout = options.auth.timeout;
  config->parser.max_control_line = static_cast<std::uint32_t>(options.max_control_line);
  config->parser.max_payload = options.max_payload;
  config->headers = !options.no_header_support;
  config->max_connections = options.max_connections;
  config->max_subscriptions = options.max_subscriptions;
  config->max_sub_tokens = options.max_sub_tokens;
  config->max_pending = options.max_pending;
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
  config->system_account = options.system_account;
  if (options.tls) config->pinned_certs = options.tls->pinned_certs;
  return config;
}

}  // namespace midge::server
