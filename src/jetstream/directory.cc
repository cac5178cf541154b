#include "jetstream/directory.h"

#include <algorithm>

#include "subject/subject.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

// A stream whose origins lead through more streams than this is refused.
constexpr int kSourceStepsMax = 10'000;

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
  for (const auto& [stream_name, config] : restoring)
    if (config.storage == storage && config.max_bytes > 0 &&
        __builtin_add_overflow(sum, config.max_bytes, &sum))
      sum = INT64_MAX;
  return sum;
}

std::int64_t Directory::reserved(Storage storage, const StreamEntry* except) const {
  std::int64_t sum = 0;
  for (const auto& [id, account] : accounts_) {
    if (!account.enabled) continue;
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
  for (auto& [id, entry] : accounts_)
    if (entry.enabled) all.push_back(&entry);
  std::ranges::sort(all, {}, &AccountEntry::name);
  return all;
}

ApiResult<void> Directory::check_sizes(const AccountEntry& account, const StreamConfig& config) {
  if (config.max_message_size <= 0) return {};
  const auto has_larger = [&](const SourceConfig& origin) {
    const auto found = account.streams.find(origin.name);
    return !origin.external && found != account.streams.end() &&
           found->second.config.max_message_size > config.max_message_size;
  };
  if (config.mirror && has_larger(*config.mirror)) return api_failure(kMirrorMaxMessageSizeTooBig);
  if (std::ranges::any_of(config.sources, has_larger))
    return api_failure(kSourceMaxMessageSizeTooBig);
  return {};
}

bool Directory::has_cycle(const AccountEntry& account, const StreamConfig& config) {
  // Names on the way to where this is, each with those that its stream named before it.
  std::vector<std::string_view> above{config.name};
  int steps_left = kSourceStepsMax;
  const auto leads_back = [&](const auto& itself, const StreamConfig& at) -> bool {
    const std::size_t own = above.size();
    const auto comes_again = [&](const SourceConfig& origin) {
      if (origin.external) return false;
      if (--steps_left < 0 || std::count(above.begin(), above.begin() + own, origin.name) > 0)
        return true;
      above.push_back(origin.name);
      const auto found = account.streams.find(origin.name);
      return found != account.streams.end() && itself(itself, found->second.config);
    };
    if (at.mirror && comes_again(*at.mirror)) return true;
    if (std::ranges::any_of(at.sources, comes_again)) return true;
    above.resize(own);
    return false;
  };
  return leads_back(leads_back, config);
}

ApiResult<void> Directory::check(const AccountEntry& account, const StreamConfig& config,
                                 const StreamEntry* except) const {
  if (except == nullptr && account.limits.max_streams > 0 &&
      static_cast<std::int64_t>(account.streams.size() + account.restoring.size()) >=
          account.limits.max_streams)
    return api_failure(kMaximumStreamsLimit);
  if (config.max_consumers > 0 && account.limits.max_consumers > 0 &&
      config.max_consumers > account.limits.max_consumers)
    return api_failure(kMaximumConsumersLimit);
  TRY(check_room(account, config, except));
  TRY(check_sizes(account, config));
  if (account.restoring.contains(config.name)) return api_failure(kStreamNameExist);
  const auto overlaps = [&](const StreamConfig& other) {
    for (const std::string& theirs : other.subjects)
      for (const std::string& ours : config.subjects)
        if (subject::overlaps(theirs, ours)) return true;
    return false;
  };
  for (const auto& [name, entry] : account.streams)
    if (&entry != except && overlaps(entry.config)) return api_failure(kStreamSubjectOverlap);
  for (const auto& [name, other] : account.restoring)
    if (overlaps(other)) return api_failure(kStreamSubjectOverlap);
  if (has_cycle(account, config)) return api_failure(kStreamInvalidConfig, {"detected cycle"});
  if (config.replicas > 1) return api_failure(kStreamReplicasNotSupported);
  return {};
}

}  // namespace midge::jetstream
