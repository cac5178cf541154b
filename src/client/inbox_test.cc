// Goal: subjects for answers tell requests apart, and nothing else is taken for one.
#include "client/inbox.h"

#include <doctest/doctest.h>

using namespace midge::detail;

TEST_CASE("a request's subject says which it is") {
  for (const RequestToken token : {RequestToken{}, RequestToken{1, 0}, RequestToken{0, 1},
                                   RequestToken{0xFFFFFFFF, 0xFFFFFFFF}, RequestToken{17, 400}}) {
    const std::string subject = inbox_of("_INBOX.abc.", token);
    const auto read = token_of(subject);
    REQUIRE(read);
    CHECK(read->slot == token.slot);
    CHECK(read->generation == token.generation);
  }
  CHECK(inbox_of("p.", {.slot = 10, .generation = 0}) == "p.a");
}

TEST_CASE("what is no request's subject") {
  for (const char* subject : {"", ".", "p.", "p.g", "p.1 ", "p.-1", "p.11112222333344445", "p.1x"})
    CHECK(!token_of(subject));
}
