// Goal: what reply subjects of fast batches say, and when their publishers are told how far the
// stream is. Method: tables; the flow is followed message by message.
#include "jetstream/stream/fast_batch.h"

#include <doctest/doctest.h>

namespace midge::jetstream {
namespace {

FastPlace start(std::uint16_t flow) {
  FastPlace place;
  place.flow = flow;
  return place;
}

}  // namespace

TEST_CASE("a reply subject says what a message is to its batch") {
  const auto place = FastPlace::parse("_INBOX.a.b.id.25.ok.7.1.$FI");
  REQUIRE(place);
  CHECK(place->id == "id");
  CHECK(place->flow == 25);
  CHECK(place->gaps_ok);
  CHECK(place->number == 7);
  CHECK(place->operation == FastOperation::kAppend);
  CHECK(FastPlace::parse("r.id.0.fail.1.2.$FI")->flow == 10);
  CHECK(FastPlace::parse("r.id.x.fail.1.2.$FI")->flow == 10);
  CHECK(FastPlace::parse("r.id.70000.fail.1.2.$FI")->flow == 65535);
  CHECK(FastPlace::parse("r.id.99999999999999999999.fail.1.2.$FI")->flow == 65535);
  CHECK_FALSE(FastPlace::parse("r.id.1.fail.1.2.$FI")->gaps_ok);
  for (const char* reply :
       {"r.$FI", ".$FI", "id.1.ok.1.0.$FI", "r.id.1.OK.1.0.$FI", "r.id.1.ok.1.5.$FI",
        "r.id.1.ok.1.-1.$FI", "r.id.1.ok.1..$FI", "r.id.1.ok.0.4.$FI", "r.id.1.ok..4.$FI",
        "r.id.1.ok.2.0.$FI", "r.id.1.ok.1.1.$FI", "r.id.1.ok.1.3.$FI",
        "r.id.1.ok.18446744073709551615.1.$FI", "r.id.1.ok.18446744073709551616.1.$FI"})
    CHECK_FALSE_MESSAGE(FastPlace::parse(reply), reply);
  CHECK(FastPlace::is_meant("r.$FI"));
  CHECK_FALSE(FastPlace::is_meant("$FI"));
  CHECK_FALSE(FastPlace::is_meant("r.$FIX"));
}

TEST_CASE("alone a publisher is told as seldom as it wants") {
  FastBatch batch(start(3), 1);
  CHECK(batch.every() == 3);
  for (batch.taken = 1; batch.taken <= 9; ++batch.taken) {
    CHECK(batch.advance(1) == (batch.taken % 3 == 0));
    CHECK(batch.told() == batch.taken / 3 * 3);
  }
  CHECK(FastBatch(start(60000), 1).every() == 500);
}

TEST_CASE("several share, each slower or faster by a factor of two at a time") {
  FastBatch batch(start(100), 10);
  CHECK(batch.every() == 1);
  for (const int every : {2, 4, 8, 16, 32, 50, 50}) {
    batch.taken += batch.every();
    CHECK(batch.advance(10));
    CHECK(batch.told() == batch.taken);
    CHECK(batch.every() == every);
  }
  for (const int every : {25, 12, 6, 3, 1, 1}) {
    batch.taken += batch.every();
    CHECK(batch.advance(1000));
    CHECK(batch.every() == every);
  }
}

TEST_CASE("after a gap the publisher is told once") {
  FastBatch batch(start(4), 1);
  batch.taken = 11;
  CHECK(batch.advance(1));
  CHECK(batch.told() == 8);
  CHECK_FALSE(batch.advance(1));
}

}  // namespace midge::jetstream
