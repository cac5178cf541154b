// Goal: an error of permissions is read as what it is about, as servers write it.
#include "client/refusals.h"

#include <doctest/doctest.h>

using namespace midge;
using namespace midge::detail;

TEST_CASE("what an error of permissions is about") {
  const auto sub = read_refusal("Permissions Violation for Subscription to \"a.b\"");
  REQUIRE(sub);
  CHECK(sub->of_subscription);
  CHECK(sub->subject == "a.b");
  CHECK(sub->queue.empty());
  const auto queue =
      read_refusal("permissions violation for subscription to \"a\" using queue \"q\"");
  REQUIRE(queue);
  CHECK(queue->subject == "a");
  CHECK(queue->queue == "q");
  const auto publish = read_refusal("Permissions Violation for Publish to \"x\"");
  REQUIRE(publish);
  CHECK_FALSE(publish->of_subscription);
  CHECK(publish->subject == "x");
  for (const char* other :
       {"", "Permissions Violation for Subscription to a", "Unknown Protocol Operation",
        "Permissions Violation for Publish with Reply of \"r\"",
        "Permissions Violation for Subscription to \"a"})
    CHECK_FALSE(read_refusal(other));
}

TEST_CASE("refusals are kept until they are forgotten") {
  Refusals refusals;
  refusals.add(1, Error("one"));
  refusals.add(2, Error("two"));
  CHECK(refusals.find(2)->text() == "two");
  refusals.forget(2);
  CHECK_FALSE(refusals.find(2));
  CHECK(refusals.take() == std::vector<std::uint64_t>{1});
  CHECK_FALSE(refusals.find(1));
}
