// Goal: an HTTP request is answered from what all loops contribute, and nothing dangles when the
// monitor goes while answers are under way.
// Method: a broker on two real loops; requests and clients through in-memory pipes.
#include "server/monitor/monitor.h"

#include <doctest/doctest.h>

#include "server/monitor/monitor_fixture.h"

using namespace midge;  // NOLINT: base/time.h
using server::BrokerFixture;
using server::Monitor;
using server::MonitorIdentity;
using server::Options;
using server::read_answer;

namespace {

struct Fixture : BrokerFixture {
  std::unique_ptr<Monitor> monitor;

  explicit Fixture(Options options = {}) {
    MonitorIdentity identity;
    identity.server_id = "NABC";
    identity.version = "2.15.2";
    identity.midge_version = "0.1.0";
    identity.start = env->clock().wall();
    monitor = std::make_unique<Monitor>(*env, log, *broker, std::move(identity),
                                        std::make_shared<const Options>(std::move(options)));
    monitor->start(home());
    REQUIRE(monitor->listen({"127.0.0.1", 0}));
    start();
  }
  ~Fixture() { end(); }

  std::unique_ptr<io::PipeClient> connect() {
    io::PipePair pipe = io::make_pipe();
    run_at_home(
        [this, end = std::move(pipe.server_end)]() mutable { monitor->accept(std::move(end)); });
    return std::move(pipe.client_end);
  }
  static std::string ask(io::PipeClient& pipe, const std::string& target) {
    pipe.write("GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return read_answer(pipe);
  }
  std::string ask(const std::string& target) {
    const auto pipe = connect();
    return ask(*pipe, target);
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

}  // namespace

TEST_CASE("all loops contribute") {
  Fixture fixture;
  // kSpread: one client on each loop.
  const auto a = fixture.client("CONNECT {\"verbose\":false,\"name\":\"a\"}\r\nSUB one 1\r\n");
  const auto b = fixture.client(
      "CONNECT {\"verbose\":false,\"name\":\"b\"}\r\nSUB two 1\r\nSUB three 2\r\nPUB x "
      "2\r\nhi\r\n");
  const std::string varz = fixture.ask("/varz");
  CHECK(varz.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(has(varz, "  \"server_id\": \"NABC\",\n"));
  CHECK(has(varz, "  \"connections\": 2,\n"));
  CHECK(has(varz, "  \"subscriptions\": 3,\n"));
  CHECK(has(varz, "  \"in_msgs\": 1,\n  \"in_bytes\": 2,\n"));
  CHECK(has(varz, "      \"loop\": 1,\n"));

  const std::string connz = fixture.ask("/connz?subs=1");
  CHECK(has(connz, "  \"num_connections\": 2,\n"));
  CHECK(connz.find("\"name\": \"a\"") < connz.find("\"name\": \"b\""));
  CHECK(has(connz, "        \"two\",\n        \"three\"\n"));

  const std::string subsz = fixture.ask("/subsz?subs=1&test=two");
  CHECK(has(subsz, "  \"num_subscriptions\": 3,\n"));
  CHECK(has(subsz, "  \"total\": 1,\n"));
  CHECK(has(subsz, "      \"subject\": \"two\",\n"));
}

TEST_CASE("what takes many steps to collect is complete") {
  Fixture fixture;
  constexpr std::size_t kEach = 2500;  // over two steps' worth of slots on each loop
  std::vector<std::unique_ptr<io::PipeClient>> clients;
  for (const char* name : {"a", "b"}) {
    std::string lines = "CONNECT {\"verbose\":false}\r\n";
    for (std::size_t i = 0; i < kEach; ++i)
      lines += "SUB " + std::string(name) + "." + std::to_string(i) + " " + std::to_string(i + 1) +
               "\r\n";
    clients.push_back(fixture.client(lines));
  }
  const std::string subsz = fixture.ask("/subsz?subs=1&limit=10000");
  CHECK(has(subsz, "  \"total\": 5000,\n"));
  CHECK(count_of(subsz, "\"subject\": \"a.") == kEach);
  CHECK(count_of(subsz, "\"subject\": \"b.") == kEach);
  const std::string connz = fixture.ask("/connz?subs=1");
  CHECK(count_of(connz, "        \"a.") == kEach);
  CHECK(count_of(connz, "        \"b.") == kEach);
}

// The numbers behind `"cid": `, in order: `1 2 3`.
std::string cids(const std::string& connz) {
  std::string found;
  const std::string key = "\"cid\": ";
  for (std::size_t at = connz.find(key); at != std::string::npos; at = connz.find(key, at + 1)) {
    const std::size_t begin = at + key.size();
    if (!found.empty()) found += ' ';
    found += connz.substr(begin, connz.find(',', begin) - begin);
  }
  return found;
}

TEST_CASE("connections of all loops are sorted, filtered and cut to a page") {
  Fixture fixture;
  std::vector<std::unique_ptr<io::PipeClient>> clients;
  for (int i = 1; i <= 6; ++i) {
    std::string lines = "CONNECT {\"verbose\":false}\r\n";
    for (int n = 0; n < 7 - i; ++n) lines += "SUB s " + std::to_string(n + 1) + "\r\n";
    clients.push_back(fixture.client(lines));
  }
  CHECK(cids(fixture.ask("/connz")) == "1 2 3 4 5 6");
  CHECK(cids(fixture.ask("/connz?subs=1&offset=1&limit=3")) == "2 3 4");
  CHECK(cids(fixture.ask("/connz?sort=subs&limit=4")) == "1 2 3 4");
  CHECK(cids(fixture.ask("/connz?sort=uptime")) == "6 5 4 3 2 1");
  CHECK(cids(fixture.ask("/connz?cid=4")) == "4");
  CHECK(cids(fixture.ask("/connz?offset=7")) == "");
  CHECK(has(fixture.ask("/connz?offset=7"), "\"num_connections\": 0,\n  \"total\": 6,"));
  CHECK(cids(fixture.ask("/connz?acc=$G&sort=start")) == "1 2 3 4 5 6");
  CHECK(cids(fixture.ask("/connz?acc=A")) == "");

  clients[1]->write("NONSENSE\r\n");
  server::read_until(*clients[1], [](const std::string&) { return false; });
  CHECK(cids(fixture.ask("/connz")) == "1 3 4 5 6");
  CHECK(cids(fixture.ask("/connz?state=closed")) == "2");
  const std::string all = fixture.ask("/connz?state=all&subs=1&limit=2");
  CHECK(cids(all) == "1 2");
  CHECK(has(all, "\"reason\": \"Protocol Violation\""));
  CHECK(count_of(all, "        \"s\"") == 11);
}

TEST_CASE("routes and counts") {
  Fixture fixture;
  const auto pipe = fixture.connect();
  CHECK(has(Fixture::ask(*pipe, "/"), "Content-Type: text/html"));
  CHECK(has(Fixture::ask(*pipe, "/subscriptionsz"), "\"num_subscriptions\": 0"));
  CHECK(has(Fixture::ask(*pipe, "/subsz"), "\"num_subscriptions\": 0"));
  CHECK(has(Fixture::ask(*pipe, "/livez"), "{\"status\":\"ok\"}"));
  CHECK(Fixture::ask(*pipe, "/nope").starts_with("HTTP/1.1 404 Not Found\r\n"));
  CHECK(Fixture::ask(*pipe, "/varz/").starts_with("HTTP/1.1 404 Not Found\r\n"));
  CHECK(has(Fixture::ask(*pipe, "//varz?x=1"), "\r\nLocation: /varz?x=1\r\n"));
  const std::string refused = Fixture::ask(*pipe, "/connz?limit=x");
  CHECK(refused.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(
      refused.ends_with("\r\n\r\nError decoding int for 'limit': strconv.Atoi: parsing \"x\": "
                        "invalid syntax"));
  CHECK(has(Fixture::ask(*pipe, "/varz"),
            "  \"http_req_stats\": {\n    \"/\": 1,\n    \"/connz\": 1,\n"
            "    \"/livez\": 1,\n    \"/subsz\": 2,\n    \"/varz\": 1\n  },"));
}

TEST_CASE("health") {
  Fixture fixture;
  CHECK(fixture.ask("/healthz").starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
  fixture.monitor->set_accepting(true);
  CHECK(fixture.ask("/healthz").starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_CASE("a base path") {
  Options options;
  options.http_base_path = "nats/x/";
  Fixture fixture(options);
  CHECK(fixture.ask("/nats/x/livez").starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(fixture.ask("/nats/x").starts_with("HTTP/1.1 200 OK\r\n"));
  for (const char* path : {"/", "/livez", "/nats/x/", "/nats/xlivez", "/nats"}) {
    CAPTURE(path);
    CHECK(fixture.ask(path).starts_with("HTTP/1.1 404 Not Found\r\n"));
  }
}

TEST_CASE("a reload shows") {
  Fixture fixture;
  auto options = std::make_shared<Options>();
  options->max_payload = 77;
  fixture.monitor->update(options);
  CHECK(has(fixture.ask("/varz"), "  \"max_payload\": 77,\n"));
}

TEST_CASE("long lists are composed on the pool") {
  Fixture fixture;
  std::string lines = "CONNECT {\"verbose\":false}\r\n";
  for (int i = 0; i < 1500; ++i)
    lines += "SUB s." + std::to_string(i) + " " + std::to_string(i) + "\r\n";
  const auto client = fixture.client(lines);
  const std::string subsz = fixture.ask("/subsz?subs=1&offset=1400");
  CHECK(has(subsz, "  \"total\": 1500,\n"));
  CHECK(has(subsz, "\"s.1400\""));
  CHECK(has(subsz, "\"s.1499\""));
  CHECK_FALSE(has(subsz, "\"s.1399\""));
}

TEST_CASE("requests in one piece") {
  Fixture fixture;
  const auto pipe = fixture.connect();
  pipe->write(
      "GET /livez HTTP/1.1\r\nHost: x\r\n\r\nGET /varz HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /nope HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string all = server::read_until(*pipe, [](const std::string&) { return false; });
  const std::size_t livez = all.find("{\"status\":\"ok\"}");
  const std::size_t varz = all.find("\"server_id\"");
  const std::size_t nope = all.find("404 page not found");
  CHECK(livez < varz);
  CHECK(varz < nope);
  CHECK(nope != std::string::npos);
}

TEST_CASE("what is no HTTP ends the connection") {
  Fixture fixture;
  const auto pipe = fixture.connect();
  pipe->write("PUB foo 3\r\nabc\r\n");
  CHECK(server::read_until(*pipe, [](const std::string&) { return false; }) ==
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
        "Connection: close\r\n\r\n400 Bad Request");
}

TEST_CASE("connections close with the monitor, and late parts are dropped") {
  Fixture fixture;
  const auto pipe = fixture.connect();
  CHECK(has(Fixture::ask(*pipe, "/livez"), "ok"));
  // The request is read, its parts asked for, and the monitor gone before they can be back.
  pipe->write("GET /varz HTTP/1.1\r\nHost: x\r\n\r\nGET /connz HTTP/1.1\r\nHost: x\r\n\r\n");
  fixture.run_at_home([&] { fixture.monitor.reset(); });
  server::read_until(*pipe, [](const std::string&) { return false; });
  // Loops still work.
  CHECK(fixture.client("CONNECT {\"verbose\":false}\r\n") != nullptr);
}
