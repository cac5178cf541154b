#include "auth/jwt/operator_callout.h"

#include <algorithm>
#include <utility>

#include "auth/jwt/claims_check.h"
#include "codec/go_quoted.h"

namespace midge::auth::jwt {
namespace {

constexpr std::int64_t kSecond = seconds(1).ns;
constexpr std::string_view kAnyAccount = "*";

std::string quoted(std::string_view text) { return codec::go_quoted(text); }

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_allowed(const ExternalAuthorization& authorization, std::string_view account) {
  const std::vector<std::string>& allowed = authorization.allowed_accounts;
  return contains(allowed, account) || (allowed.size() == 1 && allowed[0] == kAnyAccount);
}

// The same, and not on the subject of requests.
IdentityPtr denied_to_ask(const Identity& identity) {
  Identity denied = identity;
  std::optional<PermissionsConfig> permissions;
  if (identity.permissions) permissions = identity.permissions->config();
  denied.permissions = Permissions::compile(without_requests(std::move(permissions)));
  return std::make_shared<const Identity>(std::move(denied));
}

}  // namespace

bool OperatorCallout::is_slow(const LoginRequest& request) const {
  if (request.previous && request.previous->grant) {
    const AccountPtr account = users_->store()->known(request.previous->account);
    return !account ||
           validity_at(account->claims.head, request.now.ns / kSecond) != Validity::kValid;
  }
  if (users_->is_slow(request)) return true;
  const AccountPtr account = users_->known_account(request);
  return account && account->claims.authorization.enabled();
}

CalloutAuthenticator::Local OperatorCallout::decide_here(const LoginRequest& request) const {
  Verdict verdict = users_->decide(request);
  const auto* granted = std::get_if<IdentityPtr>(&verdict);
  if (granted == nullptr) return verdict;
  const Identity& identity = **granted;
  const AccountPtr account = users_->store()->known(identity.account);
  if (!account || !account->claims.authorization.enabled()) return verdict;
  const ExternalAuthorization& authorization = account->claims.authorization;
  if (contains(authorization.auth_users, identity.user)) return Verdict(denied_to_ask(identity));
  Delegated delegated{.terms = {identity.account, identity.account, authorization.xkey},
                      .guest = {.user = identity.user, .tags = identity.tags},
                      .connect = request.connect,
                      .proxy = identity.proxy};
  // What it brought may be no claim, or none: the default sentinel's counts then.
  delegated.connect.jwt = identity.jwt;
  if (const auto claims = users_->claims(identity.jwt)) delegated.guest.name = claims->head.name;
  return delegated;
}

Result<void> OperatorCallout::check_signer(const CalloutTerms& terms,
                                           const AuthorizationResponse& response) const {
  if (!response.issuer_account.empty() && response.issuer_account != terms.account)
    return failure("auth callout response issuer account " + quoted(response.issuer_account) +
                   " is not the callout account");
  const AccountPtr account = users_->store()->known(terms.account);
  if (response.head.issuer == terms.account ||
      (account && account->has_issuer(response.head.issuer)))
    return {};
  return failure("auth callout signing key is unknown: the response is issued by " +
                 response.head.issuer + ", which is no key of account " + terms.account);
}

Result<void> OperatorCallout::check_place(const CalloutTerms& terms,
                                          const UserClaims& claims) const {
  const std::string& target = claims.account();
  if (target == terms.account) return {};
  const AccountPtr account = users_->store()->known(terms.account);
  if (account && is_allowed(account->claims.authorization, target)) return {};
  return failure("account " + quoted(claims.head.issuer) +
                 " not permitted as valid account option for auth callout for account " +
                 quoted(terms.account));
}

Result<CalloutAuthenticator::Placed> OperatorCallout::place(const CalloutTerms& terms,
                                                            const UserClaims& claims,
                                                            WallTime now) const {
  TRY(check_place(terms, claims));
  const std::string& target = claims.account();
  const Result<AccountPtr> found = users_->store()->get(target, now);
  if (!found)
    return failure("no valid account " + quoted(target) + " for auth callout response on account " +
                   quoted(terms.account) + ": " + found.error().text());
  const AccountRecord& account = **found;
  if (!account.has_issuer(claims.head.issuer))
    return failure("user JWT issuer " + quoted(claims.head.issuer) + " is not known");
  if (account.is_revoked(claims.head.subject, claims.head.issued_at))
    return failure("user authentication revoked by account " + target);
  const UserScope* scope = account.scope_of(claims.head.issuer);
  if (scope != nullptr && claims.rights != UserRights{})
    return failure("user JWT is not valid: scoped users require no permissions or limits set");
  Placed placed{.rights = scope == nullptr ? claims.rights : scope->rights};
  // No limit is said by 0 too: services write claims with whatever library they like.
  for (std::int64_t* limit : {&placed.rights.subs, &placed.rights.payload})
    if (*limit == 0) *limit = -1;
  Result<Identity> identity = identity_of(claims, placed.rights, account);
  if (!identity)
    return failure("user JWT generated invalid permissions: " + identity.error().text());
  placed.identity = std::move(*identity);
  placed.identity.issuer_key = claims.issuer_account.empty() ? target : claims.head.issuer;
  if (target != terms.account) return placed;
  placed.identity = *denied_to_ask(placed.identity);
  return placed;
}

}  // namespace midge::auth::jwt
