#include "server/options/reload_security.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "codec/conf/duration.h"
#include "server/options/quoted.h"
#include "server/options/websocket_block.h"

namespace midge::server {
namespace {

using auth::AuthConfig;
using auth::CalloutConfig;
using auth::UserConfig;

Result<void> unsupported(std::string_view name, const std::string& before,
                         const std::string& after) {
  return failure(
      fmt::format("config reload not supported for {}: old={}, new={}", name, before, after));
}

const char* text(bool value) { return value ? "true" : "false"; }

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("[{}]", fmt::join(names, " "));
}

std::string shown(const std::optional<CalloutConfig>& callout) {
  if (!callout) return "<nil>";
  return fmt::format("&{{{} {} {} {} {}}}", callout->issuer, callout->account,
                     joined(callout->auth_users), callout->xkey, joined(callout->allowed_accounts));
}

// Of the token or the single user, the only ones for whom it is not part of a users array.
bool proxy_required(const AuthConfig& auth) {
  return auth.token_proxy_required || (auth.single_user && auth.users.front().proxy_required);
}

bool has_user(const AuthConfig& auth, const std::string& name) {
  return std::ranges::any_of(
      auth.users, [&](const UserConfig& user) { return user.user == name || user.nkey == name; });
}

// The user of clients without credentials may go together with the user it names, not else.
Result<void> check_no_auth_user(const AuthConfig& now, const AuthConfig& next) {
  if (now.no_auth_user == next.no_auth_user) return {};
  if (next.no_auth_user.empty() && !has_user(next, now.no_auth_user)) return {};
  return unsupported("NoAuthUser", now.no_auth_user, next.no_auth_user);
}

Result<void> check_fixed(const Options& now, const Options& next) {
  const AuthConfig &a = now.auth, &b = next.auth;
  if (a.resolver.has_value() != b.resolver.has_value() && a.operator_jwts == b.operator_jwts &&
      a.trusted_keys == b.trusted_keys)
    return failure("config reload does not support moving to or from an account resolver");
  if (a.callout != b.callout) return unsupported("AuthCallout", shown(a.callout), shown(b.callout));
  if (proxy_required(a) != proxy_required(b))
    return unsupported("ProxyRequired", text(proxy_required(a)), text(proxy_required(b)));
  TRY(check_no_auth_user(a, b));
  TRY(check_websocket_reload(now, next));
  if (!now.tls || !next.tls) return {};
  if (now.tls->verify_and_map != next.tls->verify_and_map)
    return unsupported("TLSMap", text(now.tls->verify_and_map), text(next.tls->verify_and_map));
  if (now.tls->connection_rate_limit != next.tls->connection_rate_limit)
    return unsupported("TLSRateLimit", std::to_string(now.tls->connection_rate_limit),
                       std::to_string(next.tls->connection_rate_limit));
  return {};
}

std::vector<UserConfig> users_by_kind(const AuthConfig& auth, bool nkeys) {
  std::vector<UserConfig> users;
  if (auth.single_user) return users;
  std::ranges::copy_if(auth.users, std::back_inserter(users),
                       [nkeys](const UserConfig& user) { return user.nkey.empty() != nkeys; });
  return users;
}

UserConfig single_user(const AuthConfig& auth) {
  return auth.single_user ? auth.users.front() : UserConfig{};
}

std::string seconds_text(Duration duration) {
  return fmt::format("{:g}", static_cast<double>(duration.ns) / 1e9);
}

std::vector<std::string> missing_from(const std::vector<std::string>& keys,
                                      const std::vector<std::string>& all) {
  std::vector<std::string> missing;
  for (const std::string& key : keys)
    if (std::ranges::find(all, key) == all.end()) missing.push_back(key);
  return missing;
}

std::string quoted_list(std::vector<std::string> keys) {
  for (std::string& key : keys) key = quoted(key);
  return joined(keys);
}

void plan_users(const AuthConfig& now, const AuthConfig& next, ReloadPlan& plan) {
  const auto add = [&](bool changed, std::string line) {
    if (changed) plan.lines.push_back("Reloaded: " + std::move(line));
  };
  const UserConfig was = single_user(now), is = single_user(next);
  add(users_by_kind(now, true) != users_by_kind(next, true), "authorization nkey users");
  add(users_by_kind(now, false) != users_by_kind(next, false), "authorization users");
  add(was.user != is.user, "authorization username");
  add(was.password != is.password, "authorization password");
  add(now.token != next.token, "authorization token");
  add(now.oidc != next.oidc, "authorization oidc");
  add(now.timeout != next.timeout, "authorization timeout = " + seconds_text(next.timeout));
  add(now.default_sentinel != next.default_sentinel, "default_sentinel = " + next.default_sentinel);
  const auto proxies_removed = missing_from(now.trusted_proxies, next.trusted_proxies);
  const auto proxies_added = missing_from(next.trusted_proxies, now.trusted_proxies);
  add(!proxies_removed.empty(),
      "proxies trusted keys " + quoted_list(proxies_removed) + " were removed");
  add(!proxies_added.empty(), "proxies trusted keys " + quoted_list(proxies_added) + " were added");
}

void plan_accounts(const Options& now, const Options& next, ReloadPlan& plan) {
  const AuthConfig &a = now.auth, &b = next.auth;
  if (now.accounts != next.accounts || a.resolver != b.resolver || a.preloaded != b.preloaded ||
      a.pinned_accounts != b.pinned_accounts || now.resolver_tls != next.resolver_tls)
    plan.lines.emplace_back("Reloaded: accounts");
}

// What has a line of its own, made equal: what is left is told as a whole.
tls::TlsConfig without_own_lines(tls::TlsConfig config) {
  const tls::TlsConfig defaults;
  config.timeout = defaults.timeout;
  config.pinned_certs.clear();
  config.handshake_first = false;
  config.first_fallback = {};
  return config;
}

void plan_tls(const Options& now, const Options& next, ReloadPlan& plan) {
  if (now.tls == next.tls) return;
  const tls::TlsConfig was = now.tls.value_or(tls::TlsConfig{});
  const tls::TlsConfig is = next.tls.value_or(tls::TlsConfig{});
  const auto add = [&](bool changed, std::string line) {
    if (changed) plan.lines.push_back("Reloaded: " + std::move(line));
  };
  add(was.timeout != is.timeout, "tls timeout = " + seconds_text(is.timeout));
  add(was.pinned_certs != is.pinned_certs, fmt::format("{} pinned_certs", is.pinned_certs.size()));
  add(was.handshake_first != is.handshake_first,
      fmt::format("Client TLS handshake first: {}", is.handshake_first));
  add(was.first_fallback != is.first_fallback,
      "Client TLS handshake first fallback delay: " + conf::format_duration(is.first_fallback));
  add(now.tls.has_value() != next.tls.has_value() ||
          without_own_lines(was) != without_own_lines(is),
      next.tls ? "tls = enabled" : "tls = disabled");
}

void plan_ocsp(const Options& now, const Options& next, ReloadPlan& plan) {
  if (now.ocsp != next.ocsp) plan.lines.emplace_back("Reloaded: OCSP");
  if (now.ocsp_cache != next.ocsp_cache) plan.lines.emplace_back("Reloaded OCSP peer cache");
}

}  // namespace

Result<void> plan_security(const Options& now, const Options& next, ReloadPlan& plan) {
  TRY(check_fixed(now, next));
  plan_users(now.auth, next.auth, plan);
  plan_accounts(now, next, plan);
  plan_tls(now, next, plan);
  plan_ocsp(now, next, plan);
  return {};
}

}  // namespace midge::server
