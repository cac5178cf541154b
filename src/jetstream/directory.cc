#include "jetstream/directory.h"

#include <algorithm>

#include "subject/subject.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

// A server's and its accounts' limits of one kind of storage.
ApiErrorCode no_room(Storage storage) {
  return storage == Storage::kMemory ? kMemoryResourcesExceeded : kStorageResourcesExceeded;
}

bool fits(std::int64_t wanted, std::int64_t taken, std::int64_t most) {
  return taken <= most && wanted <= most - taken;
}

}  // namespace

std::int64_t AccountEntry::reserved(Storage storage, const StreamEntry* except) const {
  std::int64_t sum = 0;
  for (const auto& [stream_name, entry] : streams)
    if (&entry != except && entry.config.storage == storage && entry.config.max_bytes > 0 &&
        __builtin_add_overflow(sum, entry.config.max_bytes, &sum))
      sum = INT64_MAX;
  return sum;
}

std::int64_t Directory::reserved(Storage storage, const StreamEntry* except) const {
  std::int64_t sum = 0;
  for (const auto& [id, account] : accounts_) {
    const std::int64_t more = account.reserved(storage, except);
    if (__builtin_add_overflow(sum, more, &sum)) sum = INT64_MAX;
  }
  return sum;
}

ApiResult<void> Directory::check_room(const AccountEntry& account, const StreamConfig& config,
                                      const StreamEntry* except) const {
  const Storage storage = config.storage;
  const bool memory = storage == Storage::kMemory;
  // Without a limit of its own a stream needs room all the same.
  const std::int64_t wanted = config.max_bytes < 0 ? 1 : config.max_bytes;
  const std::int64_t most = memory ? account.limits.max_memory : account.limits.max_store;
  if (most >= 0 && !fits(wanted, account.reserved(storage, except), most))
    return api_failure(no_room(storage));
  if (!fits(wanted, reserved(storage, except), memory ? limits_.max_memory : limits_.max_store))
    return api_failure(no_room(storage));
  return {};
}

AccountEntry& Directory::add_account(AccountId id, std::string_view name, AccountLimits limits) {
  AccountEntry& entry = accounts_[id.value];
  entry.id = id;
  entry.name = name;
  entry.limits = limits;
  entry.usage->limit(limits);
  return entry;
}

AccountEntry* Directory::find_account(AccountId id) {
  const auto found = accounts_.find(id.value);
  return found == accounts_.end() ? nullptr : &found->second;
}

std::vector<AccountEntry*> Directory::accounts() {
  std::vector<AccountEntry*> all;
  for (auto& [id, entry] : accounts_) all.push_back(&entry);
  std::ranges::sort(all, {}, &AccountEntry::name);
  return all;
}

bool Directory::has_cycle(const AccountEntry& account, const StreamConfig& config) {
  std::vector<const StreamConfig*> to_visit{&config};
  std::vector<std::string_view> visited;
  while (!to_visit.empty()) {
    const StreamConfig& at = *to_visit.back();
    to_visit.pop_back();
    std::vector<const SourceConfig*> origins;
    if (at.mirror) origins.push_back(&*at.mirror);
    for (const SourceConfig& source : at.sources) origins.push_back(&source);
    for (const SourceConfig* origin : origins) {
      if (origin->external) continue;
      if (origin->name == config.name) return true;
      const auto found = account.streams.find(origin->name);
      if (found == account.streams.end() || std::ranges::count(visited, origin->name) > 0) continue;
      visited.push_back(origin->name);
      to_visit.push_back(&found->second.config);
    }
  }
  return false;
}

ApiResult<void> Directory::check(const AccountEntry& account, const StreamConfig& config,
                                 const StreamEntry* except) const {
  if (except == nullptr && account.limits.max_streams > 0 &&
      static_cast<std::int64_t>(account.streams.size()) >= account.limits.max_streams)
    return api_failure(kMaximumStreamsLimit);
  if (config.max_consumers > 0 && account.limits.max_consumers > 0 &&
      config.max_consumers > account.limits.max_consumers)
    return api_failure(kMaximumConsumersLimit);
  TRY(check_room(account, config, except));
  for (const auto& [name, entry] : account.streams) {
    if (&entry == except) continue;
    for (const std::string& theirs : entry.config.subjects)
      for (const std::string& ours : config.subjects)
        if (subject::overlaps(theirs, ours)) return api_failure(kStreamSubjectOverlap);
  }
  if (has_cycle(account, config)) return api_failure(kStreamInvalidConfig, {"detected cycle"});
  if (config.replicas > 1) return api_failure(kStreamReplicasNotSupported);
  return {};
}

}  // namespace midge::jetstream
