// The forms of a request for messages: a table of bodies.
#include "jetstream/consumer/pull_request.h"

#include <doctest/doctest.h>

namespace midge::jetstream {

TEST_CASE("a request is empty, a number, or JSON") {
  struct Row {
    const char* body;
    std::int64_t batch;
    bool no_wait = false;
    std::int64_t expires = 0;
    std::int64_t max_bytes = 0;
  };
  const Row rows[] = {
      {"", 1},
      {"  ", 1},
      {"7", 7},
      {"0", 1},
      {"-3", 1},
      {"nix", 1},
      {"{}", 1},
      {R"({"batch":20})", 20},
      {R"({"batch":-1})", 1},
      {R"({"batch":5,"no_wait":true,"max_bytes":100})", 5, true, 0, 100},
      {R"({"expires":1000000})", 1, false, 1'000'000},
      {R"({"unknown":1,"batch":2})", 2},
  };
  for (const Row& row : rows) {
    const auto terms = PullTerms::parse(row.body);
    REQUIRE(terms);
    CHECK(terms->batch == row.batch);
    CHECK(terms->no_wait == row.no_wait);
    CHECK(terms->expires.ns == row.expires);
    CHECK(terms->max_bytes == row.max_bytes);
  }
}

TEST_CASE("what is no request is refused") {
  CHECK_FALSE(PullTerms::parse("{"));
  CHECK_FALSE(PullTerms::parse(R"({"batch":"x"})"));
  const auto heartbeat = PullTerms::parse(R"({"expires":100,"idle_heartbeat":60})");
  REQUIRE_FALSE(heartbeat);
  CHECK(heartbeat.error().text() == "heartbeat value too large");
  CHECK(PullTerms::parse(R"({"expires":100,"idle_heartbeat":50})"));
}

}  // namespace midge::jetstream
