// Goal: whoever waits for a subject is told of every subscription that may get it.
#include "broker/interest_watch.h"

#include <doctest/doctest.h>

namespace midge::broker {
namespace {

constexpr AccountId kOne{1}, kOther{2};

std::vector<unsigned> told(const InterestWatch& watch, AccountId account,
                           std::string_view pattern) {
  std::vector<unsigned> loops;
  if (!watch.anybody_waits()) return loops;
  watch.for_waiting(account, pattern, [&](LoopId loop) { loops.push_back(loop.value); });
  return loops;
}

TEST_CASE("only loops that wait are told, and of literal subjects only when somebody may wait") {
  InterestWatch watch(3);
  CHECK(told(watch, kOne, "a.b").empty());
  CHECK(told(watch, kOne, ">").empty());
  watch.add(LoopId{2}, kOne, "a.b");
  CHECK(told(watch, kOne, "a.b") == std::vector<unsigned>{2});
  CHECK(told(watch, kOne, "a.*") == std::vector<unsigned>{2});
  CHECK(told(watch, kOne, "a.c").empty());
  CHECK(told(watch, kOther, "a.b").empty());
  watch.add(LoopId{0}, kOne, "a.b");
  CHECK(told(watch, kOne, "a.b") == std::vector<unsigned>{0, 2});
  watch.remove(LoopId{2}, kOne, "a.b");
  CHECK(told(watch, kOne, "a.b") == std::vector<unsigned>{0});
  watch.remove(LoopId{0}, kOne, "a.b");
  CHECK(told(watch, kOne, "a.b").empty());
}

}  // namespace
}  // namespace midge::broker
