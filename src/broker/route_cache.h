// The cache of routes by (account, subject).
//
// A cached route is valid while the interest's generation for its subject is unchanged. The cache
// is bounded, set associative, and admits a subject on second sight, so that a stream of one-off
// subjects (inboxes) does not empty it; those use the route that they share, if there is one.
// Thread: the loop's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "auth/permissions.h"
#include "base/ids.h"
#include "broker/account_route.h"
#include "broker/route.h"
#include "broker/shared_routes.h"
#include "subject/interest_index.h"

namespace midge::broker {

class RouteCache {
 public:
  RouteCache(const subject::InterestIndex& index, LoopId loop, std::uint64_t salt);

  // The route of a publish on `subject` as of now. Valid until the next call.
  Route& find(AccountId account, std::string_view subject);
  // The same, cheaper where many subjects with one beginning are used once each.
  Route& find_for_answer(AccountId account, std::string_view subject);

  // Whether `rules` allow publishing on `subject`: what `ask()` said, remembered beside the route
  // if that is cached; a refusal is not. The look-up is also that of the find() that follows.
  template <typename Ask>
  [[nodiscard]] bool permits(AccountId account, std::string_view subject,
                             const std::shared_ptr<const auth::Permissions>& rules, Ask&& ask) {
    if (!is_last(account, subject) && !look_up_ahead(account, subject)) {
      if (ask()) return true;
      missing_ = {};
      return false;
    }
    if (last_->permitted_by == rules) return true;
    if (!ask()) return false;
    last_->permitted_by = rules;
    return true;
  }

  // Whether the last find() had to match.
  [[nodiscard]] bool missed() const { return last_ == nullptr; }
  // Forgets everything. `plans` may be null, and outlive their use here.
  void set_plans(const AccountPlans* plans);
  CrossRouter& router() { return router_; }

  // Without a cache every lookup matches.
  void enable(bool enabled) { enabled_ = enabled; }
  [[nodiscard]] std::uint64_t lookups() const { return lookups_; }
  [[nodiscard]] std::uint64_t hits() const { return hits_; }
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  static constexpr std::size_t kWays = 4;
  static constexpr std::size_t kSets = 2048;
  // The tags tell which way is worth a look, so that a miss touches one cache line.
  struct alignas(64) Set {
    std::array<std::uint32_t, kWays> tags{};
    std::array<std::unique_ptr<Route>, kWays> ways;
  };

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  [[nodiscard]] std::uint64_t hash_of(AccountId account, std::string_view subject) const;
  // Publishers repeat themselves.
  [[nodiscard]] bool is_last(AccountId account, std::string_view subject) const {
    return last_ != nullptr && last_->subject == subject && last_->account == account;
  }
  // Whether it is cached: then it is the last one now. If not, find() need not look again.
  [[nodiscard]] bool look_up_ahead(AccountId account, std::string_view subject);
  // Null: it is not cached, or not admitted yet.
  [[nodiscard]] Route* look_up(AccountId account, std::string_view subject, std::uint64_t hash);
  // For a subject that is not cached itself.
  [[nodiscard]] Route* find_shared(AccountId account, std::string_view subject,
                                   subject::InterestIndex::GenerationKey key,
                                   std::uint64_t generation);
  void fill(Route& route);
  Route& renewed(Route& route);
  Route* admit(std::uint64_t hash);

  const subject::InterestIndex& index_;
  CrossRouter router_;
  LoopId loop_;
  std::uint64_t salt_;
  bool enabled_ = true;
  std::unique_ptr<std::array<Set, kSets>> sets_;           // made when first needed
  std::unique_ptr<std::array<std::uint32_t, 4096>> seen_;  // hashes of subjects seen once
  Route* last_ = nullptr;                                  // the route found last, if cached
  Route once_;                                             // for subjects not admitted
  SharedRoutes shared_;
  // Found not to be cached; compared by its place, never read. If another text has come to lie
  // there, its route will not be found again, which is all.
  std::string_view missing_;
  std::uint64_t missing_hash_ = 0;
  subject::MatchResult match_;
  std::uint32_t clock_ = 0;
  std::uint64_t lookups_ = 0, hits_ = 0, size_ = 0;
};

}  // namespace midge::broker
