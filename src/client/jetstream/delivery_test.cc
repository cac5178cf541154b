// What subjects for answers say, by tables of them.
#include "client/jetstream/delivery.h"

#include <doctest/doctest.h>

namespace midge::detail {
namespace {

TEST_CASE("both forms of subjects for answers are read") {
  const struct {
    const char* reply;
    const char* domain;
  } kReplies[] = {
      {"$JS.ACK.S.c.2.30.40.1700.5", ""},
      {"$JS.ACK._.szMpdrwD.S.c.2.30.40.1700.5", ""},
      {"$JS.ACK.hub.szMpdrwD.S.c.2.30.40.1700.5.more.tokens", "hub"},
  };
  for (const auto& [reply, domain] : kReplies) {
    CAPTURE(reply);
    const auto metadata = parse_delivery(reply);
    REQUIRE(metadata);
    CHECK(metadata->domain == domain);
    CHECK(metadata->stream == "S");
    CHECK(metadata->consumer == "c");
    CHECK(metadata->deliveries == 2);
    CHECK(metadata->stream_sequence == 30);
    CHECK(metadata->consumer_sequence == 40);
    CHECK(metadata->time.time_since_epoch().count() == 1700);
    CHECK(metadata->pending == 5);
  }
}

TEST_CASE("what is neither form is none") {
  for (const char* reply :
       {"", "$JS.ACK.", "$JS.ACK.S.c", "$JS.ACK.S.c.2.30.40.1700", "$JS.ACK.S.c.2.x.40.1700.5",
        "$JS.ACK.S.c.2.30.40.1700.5.6", "$JS.ACK.S.c.2.30.40.1700.-5", "_INBOX.S.c.2.3.4.5.6"}) {
    CAPTURE(reply);
    CHECK_FALSE(parse_delivery(reply));
  }
}

}  // namespace
}  // namespace midge::detail
