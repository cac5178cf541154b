#include "server/operator/account_directory.h"

#include <algorithm>

#include "auth/jwt/claims.h"
#include "crypto/nkey.h"
#include "crypto/sha256.h"

namespace midge::server {
namespace {

constexpr std::string_view kSuffix = ".jwt";
constexpr std::int64_t kCacheLimit = 1000;
constexpr std::size_t kDigestSize = 32;

bool is_account(std::string_view text) {
  return crypto::is_public_nkey(crypto::NkeyKind::kAccount, text);
}

unsigned char byte_at(std::string_view digits, std::size_t index) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  return static_cast<unsigned char>(value(digits[index * 2]) << 4 | value(digits[index * 2 + 1]));
}

}  // namespace

Result<std::shared_ptr<AccountDirectory>> AccountDirectory::open(const auth::ResolverConfig& config,
                                                                 io::Disk& disk, io::Clock& clock) {
  std::shared_ptr<AccountDirectory> directory(new AccountDirectory(config, disk, clock));
  TRY(disk.make_directory(config.directory));
  ASSIGN_OR_RETURN(const auto names, disk.list_directory(config.directory));
  for (std::string_view name : names) {
    if (!name.ends_with(kSuffix)) continue;
    name.remove_suffix(kSuffix.size());
    if (is_account(name)) directory->used_at_[std::string(name)] = clock.now();
  }
  return directory;
}

std::string AccountDirectory::path_of(std::string_view account) const {
  return config_.directory + "/" + std::string(account) + std::string(kSuffix);
}

Result<std::string> AccountDirectory::fetch(std::string_view account) {
  if (!is_account(account)) return failure("account missing", ErrorCode::kNotFound);
  {
    const subject::WriterGuard guard(lock_);
    evict();
    const auto found = used_at_.find(account);
    if (found == used_at_.end()) return failure("account missing", ErrorCode::kNotFound);
    found->second = clock_.now();
  }
  return disk_.read_file(path_of(account));
}

Result<void> AccountDirectory::save(std::string_view account, std::string_view token) {
  if (!is_account(account)) return failure("account public key is not valid");
  const std::string path = path_of(account);
  const subject::WriterGuard guard(lock_);
  const bool is_full = config_.kind == auth::ResolverConfig::Kind::kFull && config_.limit > 0 &&
                       used_at_.size() >= static_cast<std::size_t>(config_.limit);
  if (is_full && !used_at_.contains(account))
    return failure("jwt store is full", ErrorCode::kNoSpace);
  TRY(disk_.write_file(path + ".new", token));
  TRY(disk_.rename_file(path + ".new", path));
  used_at_[std::string(account)] = clock_.now();
  evict();
  return {};
}

Result<void> AccountDirectory::save_if_newer(std::string_view account, std::string_view token) {
  ASSIGN_OR_RETURN(const auto offered, auth::jwt::decode_account(token));
  if (const auto kept = disk_.read_file(path_of(account))) {
    const auto claims = auth::jwt::decode_account(*kept);
    if (claims && claims->head.issued_at >= offered.head.issued_at) return {};
  }
  return save(account, token);
}

Result<void> AccountDirectory::remove(std::string_view account) {
  const subject::WriterGuard guard(lock_);
  const auto found = used_at_.find(account);
  if (found == used_at_.end()) return {};
  used_at_.erase(found);
  const std::string path = path_of(account);
  if (config_.hard_delete || config_.kind == auth::ResolverConfig::Kind::kCache)
    return disk_.remove_file(path);
  return disk_.rename_file(path, path + ".deleted");
}

bool AccountDirectory::has(std::string_view account) const {
  const subject::WriterGuard guard(lock_);
  return used_at_.contains(account);
}

std::vector<std::string> AccountDirectory::list() const {
  const subject::WriterGuard guard(lock_);
  std::vector<std::string> accounts;
  for (const auto& [account, used] : used_at_) accounts.push_back(account);
  return accounts;
}

AccountDirectory::Pack AccountDirectory::pack() const {
  Pack pack;
  pack.digest.assign(kDigestSize, '\0');
  for (const std::string& account : list()) {
    auto token = disk_.read_file(path_of(account));
    if (!token) continue;  // deleted meanwhile
    const std::string digits = crypto::sha256_hex(*token);
    for (std::size_t at = 0; at < kDigestSize; ++at)
      pack.digest[at] = static_cast<char>(pack.digest[at] ^ byte_at(digits, at));
    pack.claims.emplace_back(account, std::move(*token));
  }
  return pack;
}

void AccountDirectory::evict() {
  if (config_.kind != auth::ResolverConfig::Kind::kCache) return;
  const MonoTime now = clock_.now();
  const auto drop = [&](auto place) {
    (void)disk_.remove_file(path_of(place->first));
    return used_at_.erase(place);
  };
  if (config_.ttl.ns > 0) {
    for (auto place = used_at_.begin(); place != used_at_.end();)
      place = place->second + config_.ttl <= now ? drop(place) : std::next(place);
  }
  const auto limit = static_cast<std::size_t>(config_.limit > 0 ? config_.limit : kCacheLimit);
  while (used_at_.size() > limit)
    drop(std::min_element(used_at_.begin(), used_at_.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; }));
}

}  // namespace midge::server
