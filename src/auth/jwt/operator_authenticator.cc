#include "auth/jwt/operator_authenticator.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "auth/jwt/claimed_permissions.h"
#include "auth/jwt/claims_check.h"
#include "auth/jwt/rights_template.h"
#include "auth/jwt/user_rules.h"
#include "auth/signature.h"
#include "crypto/sha256.h"

namespace midge::auth::jwt {
namespace {

constexpr Duration kSecond = seconds(1);

std::string told(const UserClaims& claims) {
  std::string text = "user claim " + claims.head.subject;
  if (!claims.head.name.empty()) text += " (\"" + claims.head.name + "\")";
  return text;
}

}  // namespace

OperatorAuthenticator::OperatorAuthenticator(OperatorRules rules,
                                             std::shared_ptr<AccountStore> store,
                                             const ZoneSource& zones)
    : rules_(std::move(rules)), store_(std::move(store)), zones_(zones) {
  for (auto& shard : shared_->cache) shard.store(std::make_shared<const Cache>());
}

std::atomic<std::shared_ptr<const OperatorAuthenticator::Cache>>& OperatorAuthenticator::shard(
    std::string_view digest) const {
  return shared_->cache[std::hash<std::string_view>{}(digest) % kShards];
}

OperatorAuthenticator::UserPtr OperatorAuthenticator::cached(std::string_view digest) const {
  const std::shared_ptr<const Cache> users = shard(digest).load();
  const auto found = users->find(digest);
  return found == users->end() ? nullptr : found->second;
}

Result<OperatorAuthenticator::UserPtr> OperatorAuthenticator::read(const std::string& token) const {
  const std::string digest = crypto::sha256_hex(token);
  if (UserPtr found = cached(digest)) return found;
  auto user = std::make_shared<User>();
  ASSIGN_OR_RETURN(user->claims, decode_user(token));
  user->token = token;
  auto& place = shard(digest);
  std::shared_ptr<const Cache> seen = place.load();
  while (true) {
    // A full shard starts anew: what is still in use comes back with the next login.
    auto next =
        seen->size() < kUsersMax ? std::make_shared<Cache>(*seen) : std::make_shared<Cache>();
    next->insert_or_assign(digest, user);
    if (place.compare_exchange_strong(seen, std::shared_ptr<const Cache>(std::move(next)))) break;
  }
  return UserPtr(std::move(user));
}

AccountPtr OperatorAuthenticator::known_account(const LoginRequest& request) const {
  const std::string& token =
      request.connect.jwt.empty() ? rules_.default_sentinel : request.connect.jwt;
  const UserPtr user = token.empty() ? nullptr : cached(crypto::sha256_hex(token));
  return user ? store_->known(user->claims.account()) : nullptr;
}

bool OperatorAuthenticator::is_slow(const LoginRequest& request) const {
  if (request.connect.jwt.empty() && rules_.default_sentinel.empty()) return false;
  const AccountPtr account = known_account(request);
  return !account ||
         validity_at(account->claims.head, request.now.ns / kSecond.ns) != Validity::kValid;
}

Result<UserClaims> OperatorAuthenticator::claims(const std::string& token) const {
  ASSIGN_OR_RETURN(const UserPtr user, read(token));
  return user->claims;
}

// A default sentinel also stands in for what is no user's claim.
Result<OperatorAuthenticator::UserPtr> OperatorAuthenticator::claimed_user(
    const LoginRequest& request) const {
  const std::string& token = request.connect.jwt;
  Result<UserPtr> user = token.empty() ? failure("CONNECT has none") : read(token);
  if (user || rules_.default_sentinel.empty()) return user;
  return read(rules_.default_sentinel);
}

Verdict OperatorAuthenticator::decide(const LoginRequest& request) const {
  ProxyProof proof = prove_proxy(request, rules_.trusted_proxies);
  if (proof.refusal) return std::move(*proof.refusal);
  const Result<UserPtr> user = claimed_user(request);
  if (!user) return refused("Authentication requires a user JWT: " + user.error().text());
  Verdict verdict = decide_user(request, **user, proof.proxy);
  // Those who were in are told more than those who want in.
  if (auto* refusal = std::get_if<Refused>(&verdict); refusal != nullptr && request.previous) {
    if (refusal->reason == Refused::Reason::kRevoked) refusal->text = "User Authentication Revoked";
    if (refusal->reason == Refused::Reason::kExpired && refusal->text == Refused().text)
      refusal->text = "User Authentication Expired";
  }
  return verdict;
}

std::optional<Refused> OperatorAuthenticator::refuse_claim(const UserClaims& claims,
                                                           std::int64_t now) const {
  const Validity validity = validity_at(claims.head, now);
  if (validity != Validity::kValid)
    return refused(told(claims) + ": User JWT no longer valid: " + std::string(to_text(validity)),
                   validity == Validity::kExpired ? Refused::Reason::kExpired
                                                  : Refused::Reason::kAuthentication);
  if (const auto fault = find_fault(claims, zones_))
    return refused(told(claims) + ": User JWT no longer valid: " + *fault);
  const auto& pinned = rules_.pinned_accounts;
  if (pinned.empty() || claims.account() == rules_.system_account ||
      std::find(pinned.begin(), pinned.end(), claims.account()) != pinned.end())
    return std::nullopt;
  shared_->pinned_account_fails.fetch_add(1, std::memory_order_relaxed);
  return refused(told(claims) + ": Account " + claims.account() +
                 " not listed as operator pinned account");
}

std::optional<Refused> OperatorAuthenticator::refuse_rights(const LoginRequest& request,
                                                            const UserClaims& claims,
                                                            const UserRights& rights,
                                                            const AccountRecord& account,
                                                            bool is_proxied) const {
  const auto refuse = [&](const std::string& why,
                          Refused::Reason reason = Refused::Reason::kAuthentication) {
    return refused(told(claims) + ": " + why, reason);
  };
  if (rights.bearer_token && account.claims.limits.disallow_bearer)
    return refuse("Account " + claims.account() + " does not allow bearer tokens");
  if (const auto fault = find_type_fault(rights.connection_types, request.connection_type))
    return refuse(fault->text);
  const bool is_proved = request.previous && request.previous->user == claims.head.subject;
  if (!rights.bearer_token && !is_proved) {
    if (request.connect.sig.empty()) return refuse("Signature missing");
    if (!has_signed(claims.head.subject, request.nonce, request.connect.sig))
      return refuse("Signature not verified");
  }
  if (account.is_revoked(claims.head.subject, claims.head.issued_at))
    return refuse("User authentication revoked by account " + claims.account(),
                  Refused::Reason::kRevoked);
  if (!is_source_allowed(rights.src, request.remote_host))
    return refuse("Bad src Ip " + request.remote_host);
  if (rights.proxy_required && !is_proxied)
    return refuse("proxy connection required", Refused::Reason::kProxyRequired);
  return std::nullopt;
}

Verdict OperatorAuthenticator::decide_user(const LoginRequest& request, const User& user,
                                           const std::string& proxy) const {
  const UserClaims& claims = user.claims;
  const auto refuse = [&](const std::string& why) { return refused(told(claims) + ": " + why); };
  if (auto refusal = refuse_claim(claims, request.now.ns / kSecond.ns)) return std::move(*refusal);
  const Result<AccountPtr> found = store_->get(claims.account(), request.now);
  if (!found) {
    Refused refusal =
        refuse("Account JWT lookup error for " + claims.account() + ": " + found.error().text());
    // Whoever was in loses it with its account.
    if (request.previous) {
      refusal.reason = Refused::Reason::kExpired;
      refusal.text = "Account Authentication Expired";
    }
    return refusal;
  }
  const AccountRecord& account = **found;
  if (!account.has_issuer(claims.head.issuer))
    return refuse("User JWT issuer is not known: " + claims.head.issuer +
                  " is no signing key of account " + claims.account());
  const UserScope* scope = account.scope_of(claims.head.issuer);
  if (scope != nullptr && claims.rights != UserRights{})
    return refuse("User JWT is not valid: scoped users require no permissions or limits set");
  const UserRights& rights = scope == nullptr ? claims.rights : scope->rights;
  const Result<IdentityPtr> identity = identify(user, *found);
  if (!identity)
    return refuse("User JWT generated invalid permissions: " + identity.error().text());
  if (auto refusal = refuse_rights(request, claims, rights, account, !proxy.empty()))
    return std::move(*refusal);
  if (rights.times.empty() && proxy.empty()) return *identity;
  // What holds for this session alone.
  Identity own = **identity;
  own.proxy = proxy;
  if (!rights.times.empty()) {
    const auto left = time_left(rights, zones_, request.now);
    if (!left) return refuse("Outside connect times");
    const WallTime end = request.now + *left;
    if (earlier(own.expires, end) == end) own.expires_with_account = false;
    own.expires = earlier(own.expires, end);
  }
  return std::make_shared<const Identity>(std::move(own));
}

Result<IdentityPtr> OperatorAuthenticator::identify(const User& user,
                                                    const AccountPtr& account) const {
  const auto built = user.built.load();
  if (built && built->account == account) return built->identity;
  const UserScope* scope = account->scope_of(user.claims.head.issuer);
  ASSIGN_OR_RETURN(
      Identity identity,
      identity_of(user.claims, scope == nullptr ? user.claims.rights : scope->rights, *account));
  identity.jwt = user.token;
  auto next = std::make_shared<User::Built>();
  next->account = account;
  next->identity = std::make_shared<const Identity>(std::move(identity));
  user.built.store(next);
  return next->identity;
}

Result<Identity> identity_of(const UserClaims& claims, const UserRights& rights,
                             const AccountRecord& account) {
  const UserScope* scope = account.scope_of(claims.head.issuer);
  ClaimedPermissions permissions = rights.permissions;
  if (scope != nullptr) {
    ASSIGN_OR_RETURN(permissions, fill_in(rights.permissions, claims.head, account.claims.head));
  }
  if (permissions.empty()) permissions = account.claims.default_permissions;
  Identity identity;
  identity.account = claims.account();
  identity.user = claims.head.subject;
  identity.user_name = claims.head.name;
  identity.name_tag = account.claims.head.name;
  identity.tags = claims.head.tags;
  identity.issuer_key = claims.head.issuer;
  if (!permissions.empty()) identity.permissions = Permissions::compile(to_config(permissions));
  identity.max_subscriptions = rights.subs;
  identity.max_payload = lower_limit(rights.payload, account.claims.limits.payload);
  identity.expires = earlier(expiry_of(claims.head), expiry_of(account.claims.head));
  identity.expires_with_account =
      identity.expires.ns != 0 && identity.expires != expiry_of(claims.head);
  identity.rule = told(claims);
  if (scope != nullptr) identity.rule += " with the role \"" + scope->role + "\"";
  return identity;
}

}  // namespace midge::auth::jwt
