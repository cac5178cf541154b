#include "server/authentication.h"

#include <algorithm>
#include <utility>

#include "auth/config_authenticator.h"
#include "auth/oidc/oidc_authenticator.h"
#include "server/options/oidc_block.h"

namespace midge::server {

namespace {

// Listeners that map certificates to users.
std::uint32_t mapping_connections(const Options& options) {
  std::uint32_t types = options.auth.mapping_connections;
  if (maps_certificates(options)) types |= auth::kStandard;
  const std::optional<WebSocketOptions>& block = options.websocket;
  if (block && block->port != 0 && block->tls && block->tls->verify_and_map)
    types |= auth::kWebsocket;
  return types;
}

}  // namespace

std::optional<Options> options_of_web_sockets(const Options& options) {
  if (!options.websocket || options.websocket->port == 0) return std::nullopt;
  const WebSocketOptions& block = *options.websocket;
  Options seen = options;
  seen.auth.mapping_connections = mapping_connections(options);
  seen.tls = block.tls;
  const bool is_same =
      !block.overrides_logins() && maps_certificates(seen) == maps_certificates(options);
  if (is_same) return std::nullopt;
  if (!block.overrides_logins()) return seen;
  seen.auth.token = block.token;
  seen.auth.token_proxy_required = false;
  seen.auth.no_auth_user = block.no_auth_user;
  if (seen.auth.single_user) seen.auth.users.clear();
  seen.auth.single_user = !block.user.empty();
  if (seen.auth.single_user) {
    auth::UserConfig& user = seen.auth.users.emplace_back();
    user.user = block.user;
    user.password = block.password;
    user.place = "websocket";
  }
  return seen;
}

bool maps_certificates(const Options& options) {
  return options.tls && options.tls->verify_and_map;
}

namespace {

auth::AuthenticatorPtr make_config(const Options& options) {
  auth::AuthConfig config = options.auth;
  config.mapping_connections = mapping_connections(options);
  return std::make_shared<auth::ConfigAuthenticator>(std::move(config), maps_certificates(options));
}

auth::AuthenticatorPtr make_oidc(const Options& options, const auth::oidc::KeySourcePtr& keys) {
  const auth::AuthConfig& auth = options.auth;
  auth::oidc::OidcSurroundings surroundings;
  surroundings.accounts = oidc_accounts(options);
  surroundings.default_permissions = auth.default_permissions;
  surroundings.trusted_proxies = auth.trusted_proxies;
  // Trusted proxies alone would let in everybody.
  auth::AuthenticatorPtr others;
  if (!auth.users.empty() || !auth.token.empty()) others = make_config(options);
  return std::make_shared<auth::oidc::OidcAuthenticator>(*auth.oidc, std::move(surroundings), keys,
                                                         std::move(others));
}

}  // namespace

auth::AuthenticatorPtr make_authenticator(const Options& options,
                                          const auth::oidc::KeySourcePtr& keys) {
  if (options.authenticator) return options.authenticator;
  if (options.auth.oidc) return make_oidc(options, keys);
  if (!auth::ConfigAuthenticator::is_needed(options.auth)) return nullptr;
  return make_config(options);
}

namespace {

// Whether some account may hold fewer sessions, or a session of it less.
bool changes_limits(const Options& from, const Options& to) {
  return !std::ranges::equal(from.accounts, to.accounts, {}, &broker::AccountConfig::limits,
                             &broker::AccountConfig::limits);
}

}  // namespace

bool changes_logins(const Options& from, const Options& to) {
  return from.auth != to.auth || from.authenticator != to.authenticator ||
         changes_limits(from, to) ||
         ((to.auth.callout || to.auth.oidc) && from.accounts != to.accounts) ||
         from.resolver_tls != to.resolver_tls || maps_certificates(from) != maps_certificates(to);
}

}  // namespace midge::server
