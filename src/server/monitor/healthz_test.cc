// Goal: health answers as nats-server gives them. Method: recorded answers.
#include "server/monitor/healthz.h"

#include <doctest/doctest.h>

using namespace midge;  // NOLINT: base/time.h
using server::compose_healthz;
using server::compose_livez;
using server::HealthAnswer;
using server::parse_healthz;
using server::Query;

TEST_CASE("healthz") {
  const auto ask = [](const char* query, bool accepting) {
    return compose_healthz(parse_healthz(Query(query)).value(), accepting);
  };
  for (const char* query :
       {"", "details=1", "js-enabled-only=true", "account=A", "account=A&stream=S"}) {
    const HealthAnswer answer = ask(query, true);
    CHECK(answer.response.status == 200);
    CHECK(answer.response.body == R"({"status":"ok"})");
    CHECK(answer.failure.empty());
  }
  const HealthAnswer down = ask("", false);
  CHECK(down.response.status == 500);
  CHECK(down.response.body ==
        R"({"status":"error","error":"failed to be ready for connections after 1ms: server"})");
  CHECK(down.failure == "\"failed to be ready for connections after 1ms: server\"");
  const HealthAnswer detailed = ask("details=1", false);
  CHECK(detailed.response.body ==
        R"({"status":"error","errors":[{"type":"CONNECTION",)"
        R"("error":"failed to be ready for connections after 1ms: server"}]})");
  CHECK(detailed.failure == "1 errors");
}

TEST_CASE("healthz of parts") {
  const auto refused = [](const char* query) {
    const HealthAnswer answer = compose_healthz(parse_healthz(Query(query)).value(), true);
    CHECK(answer.response.status == 400);
    return answer.response.body;
  };
  CHECK(
      refused("stream=S") ==
      R"({"status":"error","error":"\"account\" must not be empty when checking stream health"})");
  CHECK(
      refused("consumer=C&account=A") ==
      R"({"status":"error","error":"\"stream\" must not be empty when checking consumer health"})");
  CHECK(refused("stream=S&details=1") ==
        R"({"status":"error","errors":[{"type":"BAD_REQUEST","error":)"
        R"("\"account\" must not be empty when checking stream health"}]})");
  CHECK(parse_healthz(Query("js-meta-only=x")).error().text() ==
        "Error decoding boolean for 'js-meta-only': strconv.ParseBool: parsing \"x\": invalid "
        "syntax");
}

TEST_CASE("livez") {
  std::vector<io::LoopLoad> loads(2);
  loads[1].stuck_ns = 4'999'999'999;
  CHECK(compose_livez(loads).response.status == 200);
  loads[1].stuck_ns = 5'000'000'000;
  const HealthAnswer stuck = compose_livez(loads);
  CHECK(stuck.response.status == 503);
  CHECK(stuck.response.body == R"({"status":"unavailable","error":"loop 1 stuck for 5s"})");
}

TEST_CASE("healthz at the memory limit") {
  broker::MemoryBudget memory;
  memory.limit_to(128 << 20);
  memory.saw(120 << 20);
  const HealthAnswer full = server::unhealthy_memory(parse_healthz(Query("")).value(), memory);
  CHECK(full.response.status == 503);
  CHECK(full.response.body ==
        R"({"status":"unavailable","error":"memory limit reached: 120 of 128 MiB are used"})");
}
