// Which messages of a block have headers, told by its columns alone.
#include <string>

#include <doctest/doctest.h>

#include "store/block/block.h"

namespace midge::store {

TEST_CASE("A block finds the messages that have headers, without those that were removed") {
  Block block({StreamId{1}, 1, Sequence{10}}, 7);
  for (std::uint64_t sequence = 10; sequence < 40; ++sequence)
    block.append({sequence}, {"a", sequence % 10 == 5 ? "NATS/1.0\r\n\r\n" : "", "x", WallTime{1}});
  CHECK(block.next_with_header({0}) == Sequence{15});
  CHECK(block.next_with_header({15}) == Sequence{15});
  CHECK(block.next_with_header({16}) == Sequence{25});
  block.remove({25});
  block.seal();
  CHECK(block.next_with_header({16}) == Sequence{35});
  CHECK_FALSE(block.next_with_header({36}));
}

}  // namespace midge::store
