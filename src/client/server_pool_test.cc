// Goal: which server is tried, and when, as a table of what happened to it.
#include "client/server_pool.h"

#include <doctest/doctest.h>

using namespace midge;
using namespace midge::detail;

namespace {

ServerPool pool_of(const std::string& urls, PoolRules rules) {
  return ServerPool(codec::parse_server_urls(urls).value(), rules);
}

std::string hosts(const ServerPool& pool) {
  std::string text;
  for (const auto& server : pool.servers()) text += server.url.host + " ";
  return text;
}

}  // namespace

TEST_CASE("servers are tried in their order, each again after its wait") {
  ServerPool pool = pool_of("a,b", {.attempts_max = 5, .wait = seconds(2)});
  const MonoTime now{seconds(10).ns};
  CHECK(pool.next()->url.host == "a");
  CHECK(pool.next()->not_before == MonoTime{});
  pool.on_failed(now, {});
  CHECK(pool.next()->url.host == "b");
  pool.on_failed(now + seconds(1), milliseconds(5));
  CHECK(pool.next()->url.host == "a");
  CHECK(pool.next()->not_before == now + seconds(2));
  pool.on_lost(now + seconds(9), {});
  CHECK(pool.next()->url.host == "b");
  CHECK(pool.next()->not_before == now + seconds(3) + milliseconds(5));
}

TEST_CASE("a server that fails too often is forgotten, and a success forgives") {
  ServerPool pool = pool_of("a,b", {.attempts_max = 1, .wait = {}});
  for (int round = 0; round < 2; ++round) {
    CHECK(pool.next()->url.host == "a");
    pool.on_failed({}, {});
    CHECK(pool.next()->url.host == "b");
    pool.on_connected();
    pool.on_lost({}, {});
    if (round == 0) CHECK(hosts(pool) == "a b ");
  }
  CHECK(hosts(pool) == "b ");
  pool.on_failed({}, {});
  CHECK(pool.next() != nullptr);
  pool.on_failed({}, {});
  CHECK(pool.next() == nullptr);
  CHECK(pool.empty());
}

TEST_CASE("attempts without end") {
  ServerPool pool = pool_of("a", {.attempts_max = -1, .wait = {}});
  for (int i = 0; i < 1000; ++i) {
    REQUIRE(pool.next() != nullptr);
    pool.on_failed({}, {});
  }
}

TEST_CASE("the same refusal twice is told from two different ones") {
  ServerPool pool = pool_of("a", {});
  CHECK(!pool.on_refused("no"));
  CHECK(!pool.on_refused("never"));
  CHECK(pool.on_refused("never"));
  pool.on_connected();
  CHECK(!pool.on_refused("never"));
}

TEST_CASE("what the cluster tells") {
  ServerPool pool = pool_of("tls://a:1", {});
  CHECK(pool.discover({"a:1", "b:2", "[::1]:3"}));
  CHECK(hosts(pool) == "a b ::1 ");
  CHECK(!pool.discover({"a:1", "b:2"}));
  CHECK(hosts(pool) == "a b ");
  CHECK(!pool.discover({"", "no port:x"}));
  CHECK(!pool.discover({}));
  CHECK(hosts(pool) == "a b ");
  CHECK(pool.servers()[1].discovered);
  CHECK(pool.servers()[1].url.is_secure());
  CHECK(!pool.servers()[0].discovered);
}

TEST_CASE("a cluster speaks of the servers that it has; the user's own and the one at hand stay") {
  ServerPool pool = pool_of("ws://a:1/path,ws://b:1", {});
  CHECK(pool.discover({"c:1", "d:1"}));
  CHECK(pool.servers()[2].url.text() == "ws://c:1/path");
  pool.on_lost({}, {});
  pool.on_lost({}, {});
  CHECK(hosts(pool) == "c d a b ");  // c is at hand
  CHECK(pool.discover({"e:1"}));
  CHECK(hosts(pool) == "c a b e ");
}

TEST_CASE("a cluster of too many servers to be true") {
  ServerPool pool = pool_of("a:1", {});
  std::vector<std::string> many;
  for (int i = 0; i < 50'000; ++i) many.push_back("h" + std::to_string(i) + ":1");
  CHECK(pool.discover(many));
  CHECK(pool.servers().size() == 1001);
}

TEST_CASE("shuffled by numbers that are given") {
  ServerPool pool = pool_of("a,b,c", {});
  pool.shuffle([] { return 0U; });
  CHECK(hosts(pool) == "b c a ");
}
