#include "auth/jwt/account_store.h"

#include "auth/jwt/claims_check.h"

namespace midge::auth::jwt {
namespace {

constexpr std::string_view kEverybody = "*";

std::int64_t in_seconds(WallTime time) { return time.ns / seconds(1).ns; }

}  // namespace

bool is_revoked(const Revocations& revocations, std::string_view key, std::int64_t issued_at) {
  for (const std::string_view name : {key, kEverybody}) {
    const auto found = revocations.find(name);
    if (found != revocations.end() && found->second >= issued_at) return true;
  }
  return false;
}

bool AccountRecord::has_issuer(std::string_view issuer) const {
  if (claims.signing_keys.contains(issuer)) return true;
  return issuer == claims.head.subject && !strict_signing_keys;
}

const UserScope* AccountRecord::scope_of(std::string_view issuer) const {
  const auto found = claims.signing_keys.find(issuer);
  return found == claims.signing_keys.end() || !found->second ? nullptr : &*found->second;
}

bool AccountRecord::is_revoked(std::string_view key, std::int64_t issued_at) const {
  return jwt::is_revoked(claims.revocations, key, issued_at);
}

AccountStore::AccountStore(TrustedOperators operators, std::shared_ptr<AccountSource> source)
    : operators_(std::move(operators)), source_(std::move(source)) {
  for (auto& shard : shards_) shard.store(std::make_shared<const Map>());
}

std::atomic<AccountStore::MapPtr>& AccountStore::shard(std::string_view account) {
  return shards_[std::hash<std::string_view>{}(account) % kShards];
}

const std::atomic<AccountStore::MapPtr>& AccountStore::shard(std::string_view account) const {
  return shards_[std::hash<std::string_view>{}(account) % kShards];
}

void AccountStore::change(std::string_view account, const std::function<void(Map&)>& edit) {
  std::atomic<MapPtr>& place = shard(account);
  MapPtr seen = place.load();
  while (true) {
    auto next = std::make_shared<Map>(*seen);
    edit(*next);
    if (place.compare_exchange_strong(seen, MapPtr(std::move(next)))) return;
  }
}

AccountPtr AccountStore::known(std::string_view account) const {
  const MapPtr map = shard(account).load();
  const auto found = map->find(account);
  return found == map->end() ? nullptr : found->second;
}

Result<AccountPtr> AccountStore::check(std::string_view token, WallTime now) const {
  ASSIGN_OR_RETURN(AccountClaims claims, decode_account(token));
  if (!operators_.trusts(claims.head.issuer))
    return failure("account validation failed: account " + claims.head.subject +
                       " is not signed by a trusted operator",
                   ErrorCode::kInvalid);
  if (const auto fault = find_fault(claims))
    return failure("account validation failed: account " + claims.head.subject + ": " + *fault,
                   ErrorCode::kInvalid);
  const Validity validity = validity_at(claims.head, in_seconds(now));
  if (validity != Validity::kValid)
    return failure("account validation failed: account " + claims.head.subject + ": " +
                       std::string(to_text(validity)),
                   ErrorCode::kInvalid);
  auto record = std::make_shared<AccountRecord>();
  record->token = token;
  record->strict_signing_keys = operators_.is_strict(claims.head.issuer);
  record->claims = std::move(claims);
  return AccountPtr(std::move(record));
}

Result<AccountPtr> AccountStore::get(std::string_view account, WallTime now) {
  const AccountPtr found = known(account);
  if (found && validity_at(found->claims.head, in_seconds(now)) == Validity::kValid) return found;
  if (!source_) {
    if (!found) return failure("account missing", ErrorCode::kNotFound);
    return failure(
        "account validation failed: account " + std::string(account) + ": claim is expired",
        ErrorCode::kInvalid);
  }
  ASSIGN_OR_RETURN(const std::string token, source_->fetch(account));
  ASSIGN_OR_RETURN(AccountPtr record, check(token, now));
  if (record->claims.head.subject != account)
    return failure("account validation failed: the claim fetched for " + std::string(account) +
                       " is of " + record->claims.head.subject,
                   ErrorCode::kInvalid);
  put(record);
  if (on_fetched_) on_fetched_(record);
  return record;
}

void AccountStore::put(AccountPtr record) {
  const std::string account = record->claims.head.subject;
  change(account, [&](Map& map) { map[account] = record; });
}

void AccountStore::remove(std::string_view account) {
  change(account, [&](Map& map) {
    if (const auto found = map.find(account); found != map.end()) map.erase(found);
  });
}

std::vector<AccountPtr> AccountStore::all() const {
  std::vector<AccountPtr> records;
  for (const auto& shard : shards_) {
    const MapPtr map = shard.load();
    for (const auto& [account, record] : *map) records.push_back(record);
  }
  return records;
}

}  // namespace midge::auth::jwt
