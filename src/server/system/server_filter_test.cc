// Goal: a request reaches the servers its body names, and no others. Method: tables; the verdicts
// are nats-server's. [SYS-11]
#include "server/system/server_filter.h"

#include <doctest/doctest.h>

namespace midge::server {
namespace {

TEST_CASE("server filter: for whom a request is") {
  const ServerFacts facts{"paris-1", "127.0.0.1", "NABC", {"x:1", "y"}};
  const struct {
    const char* body;
    bool matches;
  } rows[] = {
      {"{}", true},
      {"null", true},
      {R"({"server_name":"paris"})", true},
      {R"({"server_name":"rome"})", false},
      {R"({"server_name":"paris","exact_match":true})", false},
      {R"({"server_name":"paris-1","exact_match":true})", true},
      {R"({"host":"127"})", true},
      {R"({"host":"10.0.0.1"})", false},
      {R"({"cluster":"c"})", false},
      {R"({"domain":"d"})", false},
      {R"({"tags":["y"]})", true},
      {R"({"tags":["y","x:1"]})", true},
      {R"({"tags":["y","z"]})", false},
      {R"({"unknown":1})", true},
  };
  for (const auto& row : rows) {
    const auto body = codec::read_json_tree(row.body);
    REQUIRE_MESSAGE(body, row.body);
    CHECK_MESSAGE(ServerFilter::of(*body).matches(facts) == row.matches, row.body);
  }
}

}  // namespace
}  // namespace midge::server
