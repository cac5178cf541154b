// Goal: each probe tells all that stands against, and nothing else. Method: states by hand.
#include "server/monitor/probes.h"

#include <doctest/doctest.h>

#include <string>

using namespace midge::server;
using JetStream = ServerState::JetStream;

namespace {

std::string body(const HttpResponse& response) {
  CHECK(response.status == (response.body == R"({"status":"ok"})" ? 200 : 503));
  return response.body;
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

constexpr const char* kOk = R"({"status":"ok"})";

}  // namespace

TEST_CASE("a server that serves") {
  const ServerState state{.accepting = true, .jetstream = JetStream::kReady};
  CHECK(body(compose_startedz(state)) == kOk);
  CHECK(body(compose_readyz(state)) == kOk);
  CHECK(body(compose_stopz(state)) == kOk);
}

TEST_CASE("a server that comes up") {
  const ServerState state{.jetstream = JetStream::kReading};
  const std::string started = body(compose_startedz(state));
  CHECK(has(started, R"({"status":"unavailable","reasons":[{"type":"CONNECTION","error":")"));
  CHECK(has(started, R"({"type":"JETSTREAM","error":"JetStream still reads its store"}]})"));
  CHECK(body(compose_readyz(state)) == started);
  CHECK(has(body(compose_stopz(state)), "still reads its store"));
}

TEST_CASE("a server that leaves") {
  ServerState state{.leaving = true, .connections = 3};
  CHECK(body(compose_startedz(state)) == kOk);
  CHECK(has(body(compose_readyz(state)), "LAME_DUCK"));
  CHECK(body(compose_stopz(state)) ==
        R"({"status":"unavailable","reasons":[{"type":"LAME_DUCK","error":)"
        R"("lame duck mode is under way, 3 clients have not left yet"}]})");
  state.connections = 0;
  CHECK(body(compose_stopz(state)) == kOk);
}

TEST_CASE("what a stop would cost") {
  const ServerState state{.accepting = true,
                          .memory_full = true,
                          .jetstream = JetStream::kReady,
                          .disk_fails = true,
                          .connections = 2,
                          .waiting_bytes = 77,
                          .memory_bytes = 88};
  const std::string stop = body(compose_stopz(state));
  CHECK(has(stop, "77 bytes of streams are not on disk yet"));
  CHECK(has(stop, "streams in memory hold 88 bytes"));
  CHECK(has(stop, "2 clients are connected and know no other server"));
  CHECK(has(stop, "disk fails"));
  CHECK_FALSE(has(stop, "memory limit"));
  CHECK(has(body(compose_readyz(state)), "memory limit reached"));
}
