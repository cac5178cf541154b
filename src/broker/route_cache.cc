#include "broker/route_cache.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace midge::broker {

RouteCache::RouteCache(const subject::InterestIndex& index, LoopId loop, std::uint64_t salt)
    : index_(index), router_(index, loop), loop_(loop), salt_(salt) {}

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
    for (std::size_t i = 0; i < kWays; ++i) {
      if (set.tags[i] != tag_of(hash)) continue;
      auto& way = set.ways[i];
      if (way && way->account == account && way->subject == subject) {
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
  route->cached = cached;
  // The generation is read before the match: a change in between makes the route stale, never
  // wrong.
  route->key = index_.generation_key(account, subject);
  route->generation = index_.generation(route->key);
  fill(*route);
  last_ = cached ? route : nullptr;
  return *route;
}

Route* RouteCache::admit(std::uint64_t hash, Set& set) {
  std::uint32_t& seen = (*seen_)[(hash >> 12) % seen_->size()];
  const std::uint32_t tag = tag_of(hash);
  if (seen != tag) {
    seen = tag;
    return nullptr;
  }
  std::size_t victim = 0;
  for (std::size_t i = 0; i < kWays; ++i) {
    if (!set.ways[i]) {
      set.ways[i] = std::make_unique<Route>();
      ++size_;
      victim = i;
      break;
    }
    if (set.ways[i]->last_used < set.ways[victim]->last_used) victim = i;
  }
  set.tags[victim] = tag;
  set.ways[victim]->last_used = ++clock_;
  return set.ways[victim].get();
}

void RouteCache::fill(Route& route) {
  match_.clear();
  route.distinct = Route::Distinct::kUnknown;
  route.detour.reset();
  if (const AccountPlan* plan = router_.crossing(route.account)) {
    if (plan->concerns(route.subject)) {
      route.assign(match_, loop_);
      route.detour = std::make_unique<Detour>(*plan, route.subject);
      return;
    }
  }
  index_.match(route.account, route.subject, match_);
  route.assign(match_, loop_);
}

void RouteCache::set_plans(const AccountPlans* plans) {
  router_.set_plans(plans);
  sets_.reset();
  seen_.reset();
  once_ = Route();
  last_ = nullptr;
  size_ = 0;
}

}  // namespace midge::broker
