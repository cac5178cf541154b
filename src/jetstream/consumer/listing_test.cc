// Listings against sets: order, steps, and losses at every stage of their life.
#include "jetstream/consumer/listing.h"

#include <cstdint>
#include <set>
#include <vector>

#include <doctest/doctest.h>

namespace midge::jetstream {
namespace {

// Distinct numbers in no order.
std::vector<Sequence> scattered(std::uint64_t count) {
  std::vector<Sequence> all;
  for (std::uint64_t i = 0; i < count; ++i) all.push_back({i * 7919 % count + 1});
  return all;
}

std::int64_t without_end = INT64_MAX;

}  // namespace

TEST_CASE("A listing gives what was added in the order of sequences") {
  Listing listing;
  for (const Sequence sequence : scattered(20'000)) listing.add(sequence);
  CHECK(listing.settle(without_end, [](Sequence) { return true; }));
  CHECK(listing.there() == 20'000);
  for (std::uint64_t expected = 1; expected <= 20'000; ++expected) {
    REQUIRE(!listing.empty());
    REQUIRE(listing.front().value == expected);
    listing.pop_front();
  }
  CHECK(listing.empty());
  CHECK(listing.there() == 0);
}

TEST_CASE("A listing settles in steps, and each step is about its budget") {
  Listing listing;
  for (const Sequence sequence : scattered(20'000)) listing.add(sequence);
  int steps = 1;
  for (std::int64_t budget = 1; !listing.settle(budget, [](Sequence) { return true; }); budget = 1)
    ++steps;
  CHECK(steps == 10);
  CHECK(listing.front().value == 1);
}

TEST_CASE("What a stream loses while a listing is made, settled and delivered is counted once") {
  std::set<std::uint64_t> there;
  Listing listing;
  const auto lose = [&](std::uint64_t sequence) {
    there.erase(sequence);
    return listing.remove({sequence});
  };
  const auto is_there = [&](Sequence sequence) { return there.contains(sequence.value); };
  for (std::uint64_t i = 1; i <= 20'000; ++i) there.insert(i);
  for (const Sequence sequence : scattered(20'000)) listing.add(sequence);

  for (std::uint64_t i = 1; i <= 20'000; i += 10) CHECK_FALSE(lose(i));
  std::int64_t budget = 1;
  CHECK_FALSE(listing.settle(budget, is_there));
  for (std::uint64_t i = 2; i <= 20'000; i += 10) lose(i);
  CHECK(listing.settle(without_end, is_there));
  CHECK(listing.there() == 16'000);
  for (std::uint64_t i = 3; i <= 20'000; i += 10) CHECK(lose(i));
  CHECK(listing.there() == 14'000);
  CHECK_FALSE(listing.remove({30'000}));

  std::vector<std::uint64_t> delivered;
  while (!listing.empty()) {
    if (!is_there(listing.front())) {
      listing.skip_front();
      continue;
    }
    delivered.push_back(listing.front().value);
    listing.pop_front();
  }
  CHECK(delivered == std::vector<std::uint64_t>(there.begin(), there.end()));
  CHECK(listing.there() == 0);
}

TEST_CASE("A listing of nothing") {
  Listing listing;
  CHECK(listing.settle(without_end, [](Sequence) { return true; }));
  CHECK(listing.empty());
  CHECK_FALSE(listing.contains({1}));
  listing.clear();
  CHECK(listing.there() == 0);
}

}  // namespace midge::jetstream
