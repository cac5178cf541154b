// Goal: what was lost is known exactly, in whatever order it was found. Method: small numbers, by
// hand.
#include "store/lost_sequences.h"

#include <doctest/doctest.h>

namespace midge::store {

TEST_CASE("lost sequences are ranges") {
  LostSequences lost;
  CHECK(lost.ranges().empty());
  lost.add({5});
  lost.add({9}, {12});
  lost.add({7});
  CHECK(lost.ranges().size() == 3);
  lost.add({6});
  CHECK(lost.ranges().size() == 2);
  CHECK(lost.list(100) == std::vector<std::uint64_t>{5, 6, 7, 9, 10, 11, 12});
  lost.add({1}, {20});
  lost.add({3}, {4});
  CHECK(lost.ranges().size() == 1);
  CHECK(lost.list(3) == std::vector<std::uint64_t>{1, 2, 3});
}

}  // namespace midge::store
