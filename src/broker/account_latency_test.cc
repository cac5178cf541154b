// Goal: the metric of service latency is nats-server 2.15.2's, and headers sample as ADR-3 says.
// Method: values in, JSON out, as nats-server printed it; a table of header blocks.
#include "broker/account_latency.h"

#include <doctest/doctest.h>

namespace midge::broker {
namespace {

TEST_CASE("the metric of an answer [ACCT-14]") {
  LatencyTrack track;
  track.requestor = R"({"acc":"B","rtt":250})";
  track.requestor_rtt = Duration{250};
  track.headers = R"({"B3":["1"]})";
  track.start = WallTime{1'000'000'000};
  track.arrived = MonoTime{5000};
  LatencyOutcome outcome;
  outcome.responder = R"({"acc":"A"})";
  outcome.responder_rtt = Duration{300};
  outcome.answered = MonoTime{6000};
  outcome.delivered = MonoTime{6007};
  CHECK(latency_metric(track, outcome, "ID", WallTime{2'000'000'000}) ==
        R"({"type":"io.nats.server.metric.v1.service_latency","id":"ID",)"
        R"("timestamp":"1970-01-01T00:00:02Z","status":200,"requestor":{"acc":"B","rtt":250},)"
        R"("responder":{"acc":"A"},"header":{"B3":["1"]},"start":"1970-01-01T00:00:01Z",)"
        R"("service":700,"system":7,"total":1257})");
}

TEST_CASE("the metric of an answer that did not come [ACCT-16]") {
  LatencyTrack track;
  track.requestor = R"({"acc":"B"})";
  const auto metric = [&](LatencyStatus status) {
    return latency_metric(track, without_answer(status), "ID", WallTime{0});
  };
  CHECK(
      metric(LatencyStatus::kServiceUnavailable) ==
      R"({"type":"io.nats.server.metric.v1.service_latency","id":"ID",)"
      R"("timestamp":"1970-01-01T00:00:00Z","status":503,"description":"Service Unavailable",)"
      R"("requestor":{"acc":"B"},"start":"1970-01-01T00:00:00Z","service":0,"system":0,"total":0})");
  CHECK(metric(LatencyStatus::kBadRequest).find(R"("status":400,"description":"Bad Request")") !=
        std::string::npos);
  CHECK(metric(LatencyStatus::kRequestTimeout).find(R"(408,"description":"Request Timeout")") !=
        std::string::npos);
  CHECK(metric(LatencyStatus::kServiceTimeout).find(R"(504,"description":"Service Timeout")") !=
        std::string::npos);
}

TEST_CASE("headers decide [ACCT-15]") {
  struct Row {
    std::string_view headers, json;  // "" = not sampled
  };
  const Row rows[] = {
      {"A: b\r\n", ""},
      {"X-B3-Sampled: 1\r\nX-B3-TraceId: abc\r\n",
       R"({"X-B3-Sampled":["1"],"X-B3-Traceid":["abc"]})"},
      {"X-B3-Sampled: 0\r\nX-B3-TraceId: abc\r\n", ""},
      {"X-B3-TraceId: abc\r\n", R"({"X-B3-Traceid":["abc"]})"},
      {"traceparent: 00-abc-def-01\r\n", R"({"Traceparent":["00-abc-def-01"]})"},
      {"Traceparent: 00-abc-def-00\r\n", ""},
      {"Traceparent: 00-abc-def-03\r\nTracestate: x=y\r\n",
       R"({"Traceparent":["00-abc-def-03"],"Tracestate":["x=y"]})"},
      {"Uber-Trace-Id: 1:2:3:1\r\n", R"({"Uber-Trace-Id":["1:2:3:1"]})"},
      {"Uber-Trace-Id: 1:2:3:f\r\n", R"({"Uber-Trace-Id":["1:2:3:f"]})"},
      {"Uber-Trace-Id: 1:2:3:0\r\n", ""},
      {"b3: 0\r\n", ""},
      {"b3: 1\r\n", R"({"B3":["1"]})"},
      {"b3: abc-def-1-x\r\n", R"({"B3":["abc-def-1-x"]})"},
      {"b3: abc-def-0\r\n", ""},
      {"b3: abc-def\r\n", R"({"B3":["abc-def"]})"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.headers);
    const auto json = sampling_headers("NATS/1.0\r\n" + std::string(row.headers) + "\r\n");
    CHECK(json.value_or("") == row.json);
  }
  CHECK_FALSE(sampling_headers(""));
}

}  // namespace
}  // namespace midge::broker
