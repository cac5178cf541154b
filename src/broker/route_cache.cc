#include "broker/route_cache.h"

#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace midge::broker {

RouteCache::RouteCache(const subject::InterestIndex& index, LoopId loop, std::uint64_t salt)
    : index_(index), router_(index, loop), loop_(loop), salt_(salt), shared_(index) {}

std::uint64_t RouteCache::hash_of(AccountId account, std::string_view subject) const {
  return XXH3_64bits_withSeed(subject.data(), subject.size(), salt_ + account.value);
}

Route& RouteCache::find(AccountId account, std::string_view subject) {
  ++lookups_;
  if (is_last(account, subject)) return renewed(*last_);
  const std::string_view missing = std::exchange(missing_, {});
  const bool is_missing = missing.data() == subject.data() && missing.size() == subject.size();
  const std::uint64_t hash = is_missing ? missing_hash_ : hash_of(account, subject);
  if (!is_missing) {
    if (Route* known = look_up(account, subject, hash)) return renewed(*known);
  }
  Route* route = enabled_ ? admit(hash) : nullptr;
  const bool cached = route != nullptr;
  last_ = route;
  // The generation is read before the match: a change in between makes the route stale, never
  // wrong.
  const subject::InterestIndex::GenerationKey key = index_.generation_key(account, subject);
  const std::uint64_t generation = index_.generation(key);
  if (!cached) {
    if (Route* shared = find_shared(account, subject, key, generation)) return *shared;
    route = &once_;
  }
  route->account = account;
  route->subject = subject;
  route->permitted_by.reset();
  route->cached = cached;
  route->key = key;
  route->generation = generation;
  fill(*route);
  return !cached && enabled_ && match_.shared ? shared_.keep(*route) : *route;
}

Route& RouteCache::find_for_answer(AccountId account, std::string_view subject) {
  // What comes twice in a row is better off in the cache.
  if (!enabled_ || is_last(account, subject) || subject == once_.subject)
    return find(account, subject);
  Route* const shared = shared_.find_again(account, subject);
  if (shared == nullptr || router_.concerned(account, subject) != nullptr)
    return find(account, subject);
  ++lookups_;
  ++hits_;
  last_ = nullptr;
  once_.subject = subject;
  return *shared;
}

Route* RouteCache::find_shared(AccountId account, std::string_view subject,
                               subject::InterestIndex::GenerationKey key,
                               std::uint64_t generation) {
  Route* const shared = enabled_ ? shared_.find(account, subject, key, generation) : nullptr;
  if (shared == nullptr || router_.concerned(account, subject) != nullptr) return nullptr;
  ++hits_;
  return shared;
}

bool RouteCache::look_up_ahead(AccountId account, std::string_view subject) {
  const std::uint64_t hash = hash_of(account, subject);
  if (look_up(account, subject, hash) != nullptr) return true;
  missing_ = subject;
  missing_hash_ = hash;
  return false;
}

Route* RouteCache::look_up(AccountId account, std::string_view subject, std::uint64_t hash) {
  if (!enabled_ || !sets_) return nullptr;
  Set& set = (*sets_)[hash % kSets];
  for (std::size_t i = 0; i < kWays; ++i) {
    if (set.tags[i] != tag_of(hash)) continue;
    Route* route = set.ways[i].get();
    if (route == nullptr || route->account != account || route->subject != subject) continue;
    route->last_used = ++clock_;
    last_ = route;
    return route;
  }
  return nullptr;
}

// The cached route, matched anew if that is due.
Route& RouteCache::renewed(Route& route) {
  const std::uint64_t generation = index_.generation(route.key);
  if (route.generation == generation) {
    ++hits_;
  } else {
    route.generation = generation;
    fill(route);
  }
  return route;
}

Route* RouteCache::admit(std::uint64_t hash) {
  if (!sets_) {
    sets_ = std::make_unique<std::array<Set, kSets>>();
    seen_ = std::make_unique<std::array<std::uint32_t, 4096>>();
  }
  Set& set = (*sets_)[hash % kSets];
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
  if (const AccountPlan* plan = router_.concerned(route.account, route.subject)) {
    route.assign(match_, loop_);
    route.detour = std::make_unique<Detour>(*plan, route.subject);
    return;
  }
  index_.match(route.account, route.subject, match_);
  route.assign(match_, loop_);
}

void RouteCache::set_plans(const AccountPlans* plans) {
  router_.set_plans(plans);
  sets_.reset();
  seen_.reset();
  once_ = Route();
  shared_.clear();
  last_ = nullptr;
  size_ = 0;
}

}  // namespace midge::broker
