// The accounts of operator mode that this server knows: claims that were fetched or pushed, checked
// against the trusted operators once, then asked for by every login.
//
// Thread: any. Readers take no lock. Records are immutable; a new claim makes a new record.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt/claims.h"
#include "auth/jwt/trusted_operators.h"
#include "base/result.h"
#include "base/time.h"

namespace midge::auth::jwt {

struct AccountRecord {
  std::string token;
  AccountClaims claims;
  bool strict_signing_keys = false;  // the account's own key signs no users

  // Whether `issuer` may sign users of this account.
  [[nodiscard]] bool has_issuer(std::string_view issuer) const;
  // The role users signed by this key have; null: none, they say themselves what they may do.
  [[nodiscard]] const UserScope* scope_of(std::string_view issuer) const;
  // Whether what was issued to `key` at this time (seconds) has been revoked since.
  [[nodiscard]] bool is_revoked(std::string_view key, std::int64_t issued_at) const;
};

using AccountPtr = std::shared_ptr<const AccountRecord>;

bool is_revoked(const Revocations& revocations, std::string_view key, std::int64_t issued_at);

// Where claims of accounts that are not known yet come from.
class AccountSource {
 public:
  virtual ~AccountSource() = default;
  // The account's token. May take long: on the pool. Errors: kNotFound, or what went wrong.
  [[nodiscard]] virtual Result<std::string> fetch(std::string_view account) = 0;
};

class AccountStore {
 public:
  // `source` may be null: only what is put in is known. Both outlive the store.
  AccountStore(TrustedOperators operators, std::shared_ptr<AccountSource> source);

  [[nodiscard]] const TrustedOperators& operators() const { return operators_; }

  // The record if it is known; null otherwise. Never takes long.
  [[nodiscard]] AccountPtr known(std::string_view account) const;
  // The record, fetched if it is not known, or if it has expired and the source has another.
  // Errors: there is none, or it is not valid now.
  Result<AccountPtr> get(std::string_view account, WallTime now);
  // Checks `token` without taking it in. Errors: it is not to be trusted, or not valid now.
  [[nodiscard]] Result<AccountPtr> check(std::string_view token, WallTime now) const;
  // Takes in a record that check() made.
  void put(AccountPtr record);
  void remove(std::string_view account);
  [[nodiscard]] std::vector<AccountPtr> all() const;

  // Called after a record was fetched, from the thread that asked for it. Set before the first use.
  void on_fetched(std::function<void(const AccountPtr&)> callback) {
    on_fetched_ = std::move(callback);
  }

 private:
  using Map = std::map<std::string, AccountPtr, std::less<>>;
  using MapPtr = std::shared_ptr<const Map>;
  static constexpr std::size_t kShards = 64;

  // Maps are replaced whole, so that readers need no lock; sharded, so that it costs little.
  std::atomic<MapPtr>& shard(std::string_view account);
  [[nodiscard]] const std::atomic<MapPtr>& shard(std::string_view account) const;
  void change(std::string_view account, const std::function<void(Map&)>& edit);

  TrustedOperators operators_;
  std::shared_ptr<AccountSource> source_;
  std::array<std::atomic<MapPtr>, kShards> shards_;
  std::function<void(const AccountPtr&)> on_fetched_;
};

}  // namespace midge::auth::jwt
