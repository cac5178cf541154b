// Goal: connections of the monitoring server are bounded in number and in time.
// Method: a loop that the test drives: made-up time, made-up streams.
#include "server/monitor/http_server.h"

#include <doctest/doctest.h>

#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "io/posix/posix_env.h"
#include "server/monitor/http_connection.h"

using namespace midge;  // NOLINT: base/time.h
using server::ExchangeId;
using server::HttpConnection;
using server::HttpRequest;
using server::HttpResponse;
using server::HttpServer;

namespace {

class TestLoop final : public io::Loop {
 public:
  [[nodiscard]] LoopId id() const override { return {}; }
  void post(std::unique_ptr<io::Mail>) override {}
  [[nodiscard]] io::LoopLoad load() const override { return {}; }
  [[nodiscard]] MonoTime now() const override { return now_; }
  void drain_mail() override {}
  io::Timers& timers() override { return timers_; }
  void tick_again() override {}
  void give_way_and_tick_again() override {}
  void tick_by(MonoTime) override {}
  void schedule(io::Turn& turn) override { turns_.add(turn); }

  void pass(Duration time) {
    now_ = now_ + time;
    timers_.expire(now_);
  }
  void run_turns() {
    while (turns_.run() > 0) {
    }
  }

 private:
  MonoTime now_{};
  io::Timers timers_{MonoTime{}};
  io::TurnList turns_;
};

// What the test sees of a stream that the server owns.
struct Wire {
  std::string in, out;
  std::size_t room = 1 << 20;  // bytes the peer takes before it blocks
  bool closed = false;
  bool writable_watched = false;
  io::StreamEvents* events = nullptr;
};

class TestStream final : public io::Stream {
 public:
  explicit TestStream(Wire& wire) : wire_(wire) {}
  ~TestStream() override { wire_.closed = true; }
  void attach(io::Loop&, io::StreamEvents& events) override { wire_.events = &events; }
  io::IoCount read(std::span<char> into) override {
    if (wire_.in.empty()) return {.status = io::IoCount::Status::kWouldBlock};
    const std::size_t count = std::min(into.size(), wire_.in.size());
    std::memcpy(into.data(), wire_.in.data(), count);
    wire_.in.erase(0, count);
    return {.bytes = count};
  }
  io::IoCount write(std::span<const io::Slice> from) override {
    const std::size_t count = std::min(from[0].size, wire_.room);
    if (count == 0) return {.status = io::IoCount::Status::kWouldBlock};
    wire_.out.append(from[0].data, count);
    wire_.room -= count;
    return {.bytes = count};
  }
  void watch(bool, bool writable) override { wire_.writable_watched = writable; }
  void shutdown_write() override {}
  [[nodiscard]] io::Address remote() const override { return {}; }
  [[nodiscard]] io::Address local() const override { return {}; }

 private:
  Wire& wire_;
};

struct Fixture final : server::HttpHandler {
  std::unique_ptr<io::Env> env = io::make_posix_env();
  struct SilentLog final : Log {
    void write(LogLevel, std::string_view) override {}
  } log;
  TestLoop loop;
  HttpServer http{*env, loop, log, *this};
  std::vector<std::pair<ExchangeId, std::string>> requests;

  void on_request(ExchangeId exchange, const HttpRequest& request) override {
    requests.emplace_back(exchange, request.path);
  }
  void connect(Wire& wire) { http.on_accept(std::make_unique<TestStream>(wire)); }
  void send(Wire& wire, const std::string& bytes) {
    wire.in += bytes;
    wire.events->on_readable();
    if (!wire.closed) loop.run_turns();
  }
};

constexpr const char* kGet = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n";

}  // namespace

TEST_CASE("one request at a time") {
  Fixture fixture;
  Wire wire;
  fixture.connect(wire);
  fixture.send(wire, std::string(kGet) + "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  REQUIRE(fixture.requests.size() == 1);
  fixture.http.answer(fixture.requests[0].first, HttpResponse::text("one", 200));
  CHECK(wire.out.ends_with("one"));
  fixture.loop.run_turns();
  REQUIRE(fixture.requests.size() == 2);
  CHECK(fixture.requests[1].second == "/b");
  fixture.http.answer(fixture.requests[1].first, HttpResponse::text("two", 200));
  CHECK(wire.out.ends_with("two"));
  CHECK_FALSE(wire.closed);
}

TEST_CASE("answers that the peer takes bit by bit") {
  Fixture fixture;
  Wire wire;
  wire.room = 10;
  fixture.connect(wire);
  fixture.send(wire, kGet);
  fixture.http.answer(fixture.requests[0].first, HttpResponse::text(std::string(1000, 'x'), 200));
  CHECK(wire.out.size() == 10);
  CHECK(wire.writable_watched);
  wire.room = 1 << 20;
  wire.events->on_writable();
  CHECK(wire.out.ends_with(std::string(1000, 'x')));
  CHECK_FALSE(wire.writable_watched);
  CHECK_FALSE(wire.closed);
}

TEST_CASE("time runs out") {
  Fixture fixture;
  Wire wire;
  fixture.connect(wire);
  SUBCASE("for the first request") {
    fixture.send(wire, "GET /a HT");
    fixture.loop.pass(HttpConnection::kStepMax - milliseconds(10));
    CHECK_FALSE(wire.closed);
    // More bytes of the same request win no time.
    fixture.send(wire, "TP/1.1\r\n");
  }
  SUBCASE("between requests") {
    fixture.send(wire, kGet);
    fixture.http.answer(fixture.requests[0].first, HttpResponse::text("one", 200));
    fixture.loop.pass(HttpConnection::kIdleMax - milliseconds(10));
  }
  SUBCASE("for an answer") {
    fixture.send(wire, kGet);
    fixture.loop.pass(HttpConnection::kStepMax - milliseconds(10));
  }
  SUBCASE("for taking an answer") {
    wire.room = 10;
    fixture.send(wire, kGet);
    fixture.http.answer(fixture.requests[0].first, HttpResponse::text("one", 200));
    fixture.loop.pass(HttpConnection::kStepMax - milliseconds(10));
  }
  CHECK_FALSE(wire.closed);
  fixture.loop.pass(milliseconds(20));
  CHECK(wire.closed);
  // An answer that comes too late goes nowhere.
  if (!fixture.requests.empty())
    fixture.http.answer(fixture.requests[0].first, HttpResponse::text("late", 200));
}

TEST_CASE("a refused request ends the connection") {
  Fixture fixture;
  Wire wire;
  fixture.connect(wire);
  fixture.send(wire, "nonsense\r\n\r\n");
  CHECK(wire.closed);
  CHECK(wire.out.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(fixture.requests.empty());
}

TEST_CASE("too many connections") {
  Fixture fixture;
  std::vector<Wire> wires(HttpServer::kConnectionsMax + 1);
  for (Wire& wire : wires) fixture.connect(wire);
  // The oldest that has asked for nothing gives way.
  CHECK(wires.front().closed);
  CHECK_FALSE(wires[1].closed);
  CHECK_FALSE(wires.back().closed);
  fixture.http.stop();
  CHECK(wires.back().closed);
}
