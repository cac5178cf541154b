// Goal: a set of targets keeps the order of insertion through growth, gaps and shrinking.
// Method: random additions and removals beside a vector, at sizes that cross every threshold.
#include "subject/target_set.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace midge::subject {
namespace {

Target target(std::uint32_t slot) { return Target(LoopId{249}, slot, Target::kGenerationMask); }

std::vector<Target> content(const TargetSet& set) {
  std::vector<Target> all;
  set.append_to(all);
  return all;
}

TEST_CASE("none, one, two, one, none") {
  Reclaimer reclaimer(1);
  TargetSet set;
  CHECK(set.empty());
  CHECK(content(set).empty());
  set.add(Target(), reclaimer);  // all bits zero is a target like any other
  CHECK_FALSE(set.empty());
  CHECK(content(set) == std::vector<Target>{Target()});
  set.add(target(7), reclaimer);
  CHECK(content(set) == std::vector<Target>{Target(), target(7)});
  set.remove(Target(), reclaimer);
  CHECK(content(set) == std::vector<Target>{target(7)});
  set.remove(target(7), reclaimer);
  CHECK(set.empty());
}

TEST_CASE("random changes beside a vector") {
  for (std::size_t full : {3U, 10U, 70U, 300U, 2000U}) {
    Reclaimer reclaimer(1);
    TargetSet set;
    std::vector<Target> model;
    std::uint32_t state = 1;
    for (std::uint32_t step = 0; step < 10 * full; ++step) {
      state = state * 1664525U + 1013904223U;
      bool shrinking = step / (2 * full) % 2 == 1;
      bool add = model.empty() || (state >> 16) % 4 >= (shrinking ? 3U : 1U);
      if (add) {
        set.add(target(step), reclaimer);
        model.push_back(target(step));
      } else {
        std::size_t victim = (state >> 8) % model.size();
        set.remove(model[victim], reclaimer);
        model.erase(model.begin() + static_cast<std::ptrdiff_t>(victim));
      }
      if (step % 7 == 0 || full <= 10) REQUIRE(content(set) == model);
      CHECK(set.empty() == model.empty());
      reclaimer.passed_tick(LoopId{0});
    }
    set.destroy();
  }
}

}  // namespace
}  // namespace midge::subject
