// [JS-C-53]
#include "jetstream/ack_subject.h"

#include <doctest/doctest.h>

namespace midge::jetstream {
namespace {

TEST_CASE("both forms of acknowledgements' subjects are read [JS-C-53]") {
  for (const char* text : {"$JS.ACK.S.c.2.30.40.1700.5", "$JS.ACK._.szMpdrwD.S.c.2.30.40.1700.5",
                           "$JS.ACK.hub.szMpdrwD.S.c.2.30.40.1700.5.more.tokens"}) {
    CAPTURE(text);
    const auto ack = parse_ack_subject(text);
    REQUIRE(ack);
    CHECK(ack->consumer == "c");
    CHECK(ack->deliveries == 2);
    CHECK(ack->sequence.value == 30);
    CHECK(ack->delivery.value == 40);
    CHECK(ack->time.ns == 1700);
    CHECK(ack->pending == 5);
  }
}

TEST_CASE("what is neither form is none") {
  for (const char* text : {"", "$JS.ACK.S.c", "$JS.ACK.S.c.2.30.40.1700", "$JS.ACK.S.c.2.x.40.1.5",
                           "$JS.ACK.S.c.2.30.40.1700.5.6", "_INBOX.S.c.2.30.40.1700.5"})
    CHECK_FALSE(parse_ack_subject(text));
}

TEST_CASE("accounts have the hash that nats-server gives them [JS-C-53]") {
  CHECK(long_ack_prefix("hub", "$G") == "hub.szMpdrwD.");
  CHECK(long_ack_prefix("", "$G") == "_.szMpdrwD.");
  CHECK(name_hash("far.API") == "OCCanunv");
}

}  // namespace
}  // namespace midge::jetstream
