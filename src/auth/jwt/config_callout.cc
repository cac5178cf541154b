#include "auth/jwt/config_callout.h"

#include <algorithm>
#include <utility>

#include "auth/jwt/claimed_permissions.h"
#include "auth/jwt/user_rules.h"
#include "auth/signature.h"
#include "codec/go_quoted.h"

namespace midge::auth::jwt {
namespace {

constexpr const char* kGlobalAccount = "$G";

std::string quoted(std::string_view text) { return codec::go_quoted(text); }

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// No limit is said by 0 too: services write claims with whatever library they like.
std::int64_t limit(std::int64_t claimed) { return claimed > 0 ? claimed : -1; }

}  // namespace

ConfigCallout::ConfigCallout(const AuthConfig& config, bool map_certificates,
                             std::vector<std::string> accounts,
                             std::shared_ptr<const CalloutServer> server, const ZoneSource& zones)
    : CalloutAuthenticator(std::move(server), zones),
      callout_(*config.callout),
      trusted_proxies_(config.trusted_proxies),
      users_(without_requests_of(config), map_certificates),
      accounts_(std::make_move_iterator(accounts.begin()),
                std::make_move_iterator(accounts.end())) {
  accounts_.insert(kGlobalAccount);
}

// All of the service's account may not ask, whoever let them in.
AuthConfig ConfigCallout::without_requests_of(const AuthConfig& config) {
  AuthConfig users = config;
  for (UserConfig& user : users.users) {
    const std::string& account = user.account.empty() ? kGlobalAccount : user.account;
    if (account == config.callout->account) user.permissions = without_requests(user.permissions);
  }
  return users;
}

bool ConfigCallout::is_auth_user(const LoginRequest& request) const {
  const UserConfig* user = users_.named(request);
  return user != nullptr &&
         contains(callout_.auth_users, user->nkey.empty() ? user->user : user->nkey);
}

bool ConfigCallout::is_delegated(const std::string& account) const {
  return account == kGlobalAccount || callout_.allowed_accounts.empty() ||
         contains(callout_.allowed_accounts, account);
}

bool ConfigCallout::is_slow(const LoginRequest& request) const {
  if (request.previous && request.previous->grant) return false;
  return users_.is_slow(request) || !is_auth_user(request);
}

CalloutAuthenticator::Local ConfigCallout::decide_here(const LoginRequest& request) const {
  ProxyProof proof = prove_proxy(request, trusted_proxies_);
  if (proof.refusal) return std::move(*proof.refusal);
  Verdict verdict = users_.decide(request);
  if (is_auth_user(request)) return verdict;
  if (const auto* refusal = std::get_if<Refused>(&verdict)) {
    // Whoever has not even sent CONNECT is nobody to ask about.
    if (!request.by_connect || refusal->reason == Refused::Reason::kProxyRequired) return verdict;
  } else if (!is_delegated(std::get<IdentityPtr>(verdict)->account)) {
    return verdict;
  }
  if (!accounts_.contains(callout_.account))
    return refused("No valid account " + quoted(callout_.account) +
                   " for auth callout request: account missing");
  Delegated delegated{.terms = {callout_.account, callout_.issuer, callout_.xkey},
                      .connect = request.connect,
                      .proxy = std::move(proof.proxy)};
  // Claims say nothing here.
  delegated.connect.jwt.clear();
  if (const UserConfig* user = users_.named(request)) {
    // As whom no_auth_user or a certificate lets it in.
    if (!user->nkey.empty()) delegated.connect.nkey = user->nkey;
    if (!user->user.empty()) delegated.connect.user = user->user;
  }
  return delegated;
}

Result<void> ConfigCallout::check_signer(const CalloutTerms&,
                                         const AuthorizationResponse& response) const {
  if (response.head.issuer == callout_.issuer) return {};
  return failure("auth callout signing key is unknown: the response is issued by " +
                 response.head.issuer + ", not by auth_callout.issuer");
}

Result<CalloutAuthenticator::Placed> ConfigCallout::place(const CalloutTerms& terms,
                                                          const UserClaims& claims,
                                                          WallTime) const {
  if (!claims.issuer_account.empty())
    return failure("error non operator mode account " + quoted(terms.account) +
                   ": attempted to use issuer_account");
  if (claims.head.issuer != callout_.issuer)
    return failure("wrong issuer for auth callout response on account " + quoted(terms.account) +
                   ", expected " + quoted(callout_.issuer) + " got " + quoted(claims.head.issuer));
  const std::string& account = claims.head.audience;
  if (!accounts_.contains(account))
    return failure("no valid account " + quoted(account) +
                   " for auth callout response on account " + quoted(terms.account) +
                   ": account missing");
  Placed placed{.rights = claims.rights};
  Identity& identity = placed.identity;
  identity.account = account;
  identity.name_tag = account;
  identity.issuer_key = account;
  std::optional<PermissionsConfig> permissions;
  if (!claims.rights.permissions.empty()) permissions = to_config(claims.rights.permissions);
  if (account == callout_.account) permissions = without_requests(std::move(permissions));
  if (permissions) identity.permissions = Permissions::compile(*permissions);
  identity.max_subscriptions = limit(claims.rights.subs);
  identity.max_payload = limit(claims.rights.payload);
  identity.expires = expiry_of(claims.head);
  return placed;
}

}  // namespace midge::auth::jwt
