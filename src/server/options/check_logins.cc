#include "server/options/check_logins.h"

#include <algorithm>
#include <string>

#include "auth/jwt/claims.h"
#include "auth/jwt/trusted_operators.h"
#include "crypto/bcrypt.h"
#include "crypto/nkey.h"
#include "server/options/oidc_block.h"
#include "server/options/quoted.h"

namespace midge::server {
namespace {

using auth::AuthConfig;
using auth::ResolverConfig;

bool is_operator_mode(const AuthConfig& auth) {
  return !auth.operator_jwts.empty() || !auth.trusted_keys.empty();
}

bool has_account(const Options& options, const std::string& name) {
  return name == "$G" || std::ranges::find(options.accounts, name, &broker::AccountConfig::name) !=
                             options.accounts.end();
}

bool is_preloaded(const AuthConfig& auth, const std::string& account) {
  return std::ranges::find(auth.preloaded, account, &auth::PreloadedClaims::value_type::first) !=
         auth.preloaded.end();
}

bool has_resolver(const AuthConfig& auth, ResolverConfig::Kind kind) {
  return auth.resolver && auth.resolver->kind == kind;
}

Result<void> check_operators(const Options& options) {
  const AuthConfig& auth = options.auth;
  if (!auth.trusted_keys.empty())
    return failure("conflicting options for 'TrustedKeys' and 'TrustedOperators'");
  if (!auth.resolver)  // where the operator's claim would name a URL
    return failure(
        "could not fetch <\"/accounts/\">: Get \"/accounts/\": unsupported protocol "
        "scheme \"\"");
  if (!options.accounts.empty())
    return failure("operators do not allow Accounts to be configured directly");
  if (!auth.users.empty() && !auth.single_user)
    return failure("operators do not allow users to be configured directly");
  if (auth.callout)
    return failure("operators do not allow authorization callouts to be configured directly");
  if (auth.operator_jwts.size() == 1) {
    const auto claims = auth::jwt::decode_operator(auth.operator_jwts.front());
    if (claims && !claims->system_account.empty() &&
        claims->system_account != options.system_account)
      return failure("system_account in config and operator JWT must be identical");
  }
  TRY(auth::jwt::TrustedOperators::make(auth.operator_jwts, {}, kCompatibilityVersion));
  if (options.system_account.empty() && (has_resolver(auth, ResolverConfig::Kind::kFull) ||
                                         has_resolver(auth, ResolverConfig::Kind::kCache)))
    return failure(
        "using nats based account resolver - the system account needs to be specified "
        "in configuration or the operator jwt");
  return {};
}

Result<void> check_sentinel(const AuthConfig& auth) {
  if (auth.default_sentinel.empty()) return {};
  if (auth.operator_jwts.empty())
    return failure("default sentinel requires operators and accounts");
  const auto claims = auth::jwt::decode_user(auth.default_sentinel);
  if (!claims) return failure("default sentinel JWT not valid");
  if (!claims->rights.bearer_token) return failure("default sentinel must be a bearer token");
  return {};
}

Result<void> check_claims_of_accounts(const AuthConfig& auth) {
  for (const std::string& key : auth.pinned_accounts) {
    if (auth.operator_jwts.empty()) break;
    if (!crypto::is_public_nkey(crypto::NkeyKind::kAccount, key))
      return failure("pinned account key " + quoted(key) + " is not a valid public account nkey");
  }
  const bool is_writable = auth.resolver && auth.resolver->kind != ResolverConfig::Kind::kUrl;
  if (!auth.preloaded.empty() && !is_writable)
    return failure(
        "resolver preloads only available for writeable resolver types "
        "MEM/DIR/CACHE_DIR");
  return check_sentinel(auth);
}

Result<void> check_system_account(const Options& options) {
  const std::string& name = options.system_account;
  if (name.empty()) return {};
  if (!is_operator_mode(options.auth))
    return has_account(options, name) ? Result<void>{}
                                      : failure("error resolving system account: account missing");
  if (!crypto::is_public_nkey(crypto::NkeyKind::kAccount, name))
    return failure("error resolving system account: will only fetch valid account keys");
  // Other resolvers are asked once the server runs.
  if (has_resolver(options.auth, ResolverConfig::Kind::kMemory) &&
      !is_preloaded(options.auth, name))
    return failure("error resolving system account: account missing");
  return {};
}

}  // namespace

Result<void> check_no_auth_user(const AuthConfig& auth, const std::string& name) {
  if (name.empty()) return {};
  if (!auth.operator_jwts.empty())
    return failure("no_auth_user not compatible with Trusted Operator");
  if (auth.users.empty() || auth.single_user)
    return failure("no_auth_user: " + quoted(name) + " present, but users/nkeys are not defined");
  const bool is_known = std::ranges::any_of(auth.users, [&](const auth::UserConfig& user) {
    return user.user == name || user.nkey == name;
  });
  if (is_known) return {};
  return failure("no_auth_user: " + quoted(name) +
                 " not present as user or nkey in authorization block or account configuration");
}

Result<void> check_logins(const Options& options) {
  TRY(check_no_auth_user(options.auth, options.auth.no_auth_user));
  TRY(check_oidc(options));
  if (!options.auth.operator_jwts.empty()) TRY(check_operators(options));
  TRY(check_claims_of_accounts(options.auth));
  return check_system_account(options);
}

std::vector<std::string> login_warnings(const Options& options) {
  std::vector<std::string> warnings;
  const bool has_plain = std::ranges::any_of(options.auth.users, [](const auth::UserConfig& user) {
    return !user.password.empty() && !crypto::is_bcrypt(user.password);
  });
  if (has_plain) warnings.emplace_back("Plaintext passwords detected, use nkeys or bcrypt");
  if (!options.auth.operator_jwts.empty() && options.system_account.empty())
    warnings.emplace_back("Trusted Operators should utilize a System Account");
  if (!options.default_js_domains.empty())
    warnings.emplace_back(
        "The option `default_js_domain` is a temporary backwards compatibility measure and will be "
        "removed");
  return warnings;
}

}  // namespace midge::server
