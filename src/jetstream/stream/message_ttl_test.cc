// Goal: what Nats-TTL may say, and in which order messages expire. Method: tables.
#include "jetstream/stream/message_ttl.h"

#include <doctest/doctest.h>

namespace midge::jetstream {

TEST_CASE("Nats-TTL is seconds, a duration, or never") {
  CHECK(parse_ttl("1") == seconds(1));
  CHECK(parse_ttl("1m30s") == seconds(90));
  CHECK(parse_ttl("never") == Duration{});
  CHECK(parse_ttl("NEVER") == Duration{});
  CHECK(parse_ttl("99999999999999999999999") == parse_ttl("9999999999"));  // as long as can be said
  for (const char* text : {"", "0", "-1", "+5", "500ms", "1.5", "nix", "1d", "5 "})
    CHECK_FALSE_MESSAGE(parse_ttl(text), text);
  CHECK(expiry_of({5}, seconds(1)) == WallTime{1'000'000'005});
  CHECK(expiry_of({INT64_MAX - 5}, seconds(1)) == WallTime{INT64_MAX});
}

TEST_CASE("messages expire in the order of their times") {
  Expiries expiries;
  expiries.add({1}, {30});
  expiries.add({2}, {10});
  expiries.add({4}, {20});
  expiries.add({3}, {20});
  CHECK(expiries.next() == WallTime{10});
  for (const std::uint64_t sequence : {2, 3, 4, 1})
    CHECK(expiries.take() == store::Sequence{sequence});
  CHECK(expiries.empty());
}

}  // namespace midge::jetstream
