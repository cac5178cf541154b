#include "broker/route_cache.h"

#include <algorithm>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace midge::broker {

RouteCache::RouteCache(const subject::InterestIndex& index, LoopId loop, std::uint64_t salt)
    : index_(index), loop_(loop), salt_(salt) {}

std::uint64_t RouteCache::hash_of(AccountId account, std::string_view subject) const {
  return XXH3_64bits_withSeed(subject.data(), subject.size(), salt_ + account.value);
}

Route& RouteCache::find(AccountId account, std::string_view subject) {
  ++lookups_;
  // Publishers repeat themselves: try the subject of the last message before hashing.
  if (last_ != nullptr && last_->subject == subject && last_->account == account) {
    const std::uint64_t generation = index_.generation(last_->key);
    if (last_->generation == generation) {
      ++hits_;
      return *last_;
    }
    last_->generation = generation;
    fill(*last_);
    return *last_;
  }

  const std::uint64_t hash = hash_of(account, subject);
  Route* route = nullptr;
  if (enabled_) {
    if (!sets_) {
      sets_ = std::make_unique<std::array<Set, kSets>>();
      seen_ = std::make_unique<std::array<std::uint32_t, 4096>>();
    }
    Set& set = (*sets_)[hash % kSets];
    for (auto& way : set) {
      if (way && way->hash == hash && way->account == account && way->subject == subject) {
        way->last_used = ++clock_;
        last_ = way.get();
        const std::uint64_t generation = index_.generation(way->key);
        if (way->generation == generation) {
          ++hits_;
        } else {
          way->generation = generation;
          fill(*way);
        }
        return *way;
      }
    }
    route = admit(hash, set);
  }
  const bool cached = route != nullptr;
  if (!cached) route = &once_;
  route->account = account;
  route->subject = subject;
  route->hash = hash;
  route->cached = cached;
  // The generation is read before the match: a change in between makes the route stale, never wrong.
  route->key = index_.generation_key(account, subject);
  route->generation = index_.generation(route->key);
  fill(*route);
  last_ = cached ? route : nullptr;
  return *route;
}

Route* RouteCache::admit(std::uint64_t hash, Set& set) {
  std::uint32_t& seen = (*seen_)[(hash >> 12) % seen_->size()];
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  if (seen != tag) {
    seen = tag;
    return nullptr;
  }
  auto* victim = &set[0];
  for (auto& way : set) {
    if (!way) {
      way = std::make_unique<Route>();
      ++size_;
      victim = &way;
      break;
    }
    if (way->last_used < (*victim)->last_used) victim = &way;
  }
  (*victim)->last_used = ++clock_;
  return victim->get();
}

void RouteCache::fill(Route& route) {
  match_.clear();
  route.distinct = Route::Distinct::kUnknown;
  index_.match(route.account, route.subject, match_);
  route.local.clear();
  route.remote.clear();
  for (const subject::Target target : match_.plain) {
    if (target.loop() == loop_) {
      route.local.push_back(target);
      continue;
    }
    auto part = std::find_if(route.remote.begin(), route.remote.end(),
                             [&](const Route::Remote& r) { return r.loop == target.loop(); });
    if (part == route.remote.end()) {
      route.remote.push_back({target.loop(), {}});
      part = route.remote.end() - 1;
    }
    part->targets.push_back(target);
  }
  route.groups.swap(match_.groups);
}

}  // namespace midge::broker
