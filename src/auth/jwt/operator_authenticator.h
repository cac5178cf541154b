// Authentication in operator mode: the user's claim, signed by an account; the account's, signed by
// an operator the configuration trusts; and the user's signature of the nonce.
//
// What was found true of a claim once (its signature, its shape) is kept by its digest; what may
// change (time, revocations, the account's claim) is looked at each time.
// Thread: any. The store behind it changes, each decision takes one record of it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"
#include "auth/jwt/account_store.h"
#include "auth/jwt/claims.h"
#include "auth/jwt/time_zone.h"

namespace midge::auth::jwt {

struct OperatorRules {
  std::vector<std::string> pinned_accounts;  // empty: all
  std::string system_account;                // never refused for not being pinned
  std::string default_sentinel;              // stands in for a missing claim; "" = none
  std::vector<std::string> trusted_proxies;  // public nkeys
};

// Who a user is with these rights, which are its claim's or its role's. Errors: a role's templates
// make no sense for it.
Result<Identity> identity_of(const UserClaims& claims, const UserRights& rights,
                             const AccountRecord& account);

class OperatorAuthenticator final : public Authenticator {
 public:
  // `zones` outlives it.
  OperatorAuthenticator(OperatorRules rules, std::shared_ptr<AccountStore> store,
                        const ZoneSource& zones);
  // The same, and what it knows is shared: another object tells sessions that they are to be asked
  // again.
  [[nodiscard]] std::shared_ptr<const OperatorAuthenticator> renewed() const {
    return std::make_shared<const OperatorAuthenticator>(*this);
  }

  [[nodiscard]] bool required() const override { return true; }
  [[nodiscard]] bool wants_nonce() const override { return true; }
  [[nodiscard]] bool is_slow(const LoginRequest& request) const override;
  [[nodiscard]] Verdict decide(const LoginRequest& request) const override;

  [[nodiscard]] const std::shared_ptr<AccountStore>& store() const { return store_; }
  // The account that a login says it is of, if its claims are known; else null. Never takes long.
  [[nodiscard]] AccountPtr known_account(const LoginRequest& request) const;
  // What a token of a user says; its signature is checked once.
  [[nodiscard]] Result<UserClaims> claims(const std::string& token) const;
  // Logins refused because their account is not pinned.
  [[nodiscard]] std::int64_t pinned_account_fails() const {
    return shared_->pinned_account_fails.load(std::memory_order_relaxed);
  }

 private:
  // A claim that is genuine and makes sense, and who its user was under the account's last record.
  struct User {
    UserClaims claims;
    std::string token;
    struct Built {
      AccountPtr account;
      IdentityPtr identity;
    };
    mutable std::atomic<std::shared_ptr<const Built>> built;
  };
  using UserPtr = std::shared_ptr<const User>;
  using Cache = std::map<std::string, UserPtr, std::less<>>;  // by digest of the token
  static constexpr std::size_t kShards = 64;
  static constexpr std::size_t kUsersMax = 512;  // of one shard
  struct Shared {
    std::array<std::atomic<std::shared_ptr<const Cache>>, kShards> cache;
    std::atomic<std::int64_t> pinned_account_fails{0};
  };

  [[nodiscard]] UserPtr cached(std::string_view digest) const;
  // Decodes and keeps. Errors: why it is no claim of a user.
  [[nodiscard]] Result<UserPtr> read(const std::string& token) const;
  [[nodiscard]] std::atomic<std::shared_ptr<const Cache>>& shard(std::string_view digest) const;

  [[nodiscard]] Result<UserPtr> claimed_user(const LoginRequest& request) const;
  [[nodiscard]] Verdict decide_user(const LoginRequest& request, const User& user,
                                    const std::string& proxy) const;
  // What the claim alone says of itself, and where it comes from.
  [[nodiscard]] std::optional<Refused> refuse_claim(const UserClaims& claims,
                                                    std::int64_t now) const;
  // What the account's record says of the claim.
  [[nodiscard]] std::optional<Refused> refuse_rights(const LoginRequest& request,
                                                     const UserClaims& claims,
                                                     const UserRights& rights,
                                                     const AccountRecord& account,
                                                     bool is_proxied) const;
  [[nodiscard]] Result<IdentityPtr> identify(const User& user, const AccountPtr& account) const;

  OperatorRules rules_;
  std::shared_ptr<AccountStore> store_;
  const ZoneSource& zones_;
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

}  // namespace midge::auth::jwt
