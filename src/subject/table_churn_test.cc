// Goal: churn that fills every bucket of a shard once leaves a table whose searches still end.
// Method: random inserts and removes of wildcard interests below a few parents, far more than there
// are slots, with a look for what is not there after each.
#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "subject/interest_index.h"

namespace midge::subject {

TEST_CASE("searches end after any churn") {
  constexpr std::uint32_t kSubjects = 3000;
  for (std::uint64_t salt : {1ULL, 77ULL, 123456789ULL}) {
    InterestIndex index(1, salt);
    std::mt19937 random(static_cast<unsigned>(salt));
    std::vector<Registration> registered(kSubjects);
    std::uint64_t live = 0;
    for (int step = 0; step < 60000; ++step) {
      const std::uint32_t i = random() % kSubjects;
      const Target target({0}, i, 0);
      if (registered[i].interest == nullptr) {
        const std::string subject = "*.churn." + std::to_string(i) + ".x";
        registered[i] = index.insert(kGlobalAccount, subject, "", target);
        ++live;
      } else {
        index.remove(registered[i], target);
        registered[i] = {};
        --live;
      }
      MatchResult match;
      index.match(kGlobalAccount, "a.churn.none" + std::to_string(step), match);
      REQUIRE(match.empty());
      index.passed_tick({0});
    }
    CHECK(index.stats().subscriptions == live);
  }
}

}  // namespace midge::subject
