// Goal: which header blocks ask for a trace, where to, and how, is as nats-server 2.15.2 reads
// them. Method: tables of blocks; what they lead to was seen on that server.
#include "broker/trace_headers.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace midge::broker {
namespace {

using Action = TraceRequest::Action;

std::string block_of(std::string_view lines) {
  return "NATS/1.0\r\n" + std::string(lines) + "\r\n\r\n";
}

// As an account with `msg_trace: acc` reads it, if it does at all.
TraceRequest read(std::string_view lines, int sampling = 100, std::uint64_t draw = 0) {
  const std::string block = block_of(lines);
  if (find_trace_mention(block) == TraceMention::kNone) return {};
  return read_trace_request(block, "acc", sampling, draw);
}

TEST_CASE("a destination asks for a trace [CORE-80] [CORE-83]") {
  const struct {
    std::string_view lines, destination;  // "" = no trace
  } cases[] = {
      {"Nats-Trace-Dest: t.1", "t.1"},
      {"A: b\r\nNats-Trace-Dest:t.1\r\nC: d", "t.1"},
      {"Nats-Trace-Dest:  t.1 ", "t.1"},
      {"Nats-Trace-Dest: t.1\r\nNats-Trace-Dest: t.2", "t.1"},
      {"X-Nats-Trace-Dest: t.1\r\nNats-Trace-Dest: t.2", "t.2"},
      {"A: Nats-Trace-Dest: t.1\r\nNats-Trace-Dest: t.2", "t.2"},
      {"Nats-Trace-Dest: \"x\"", "\"x\""},
      {"Nats-Trace-Dest: t.1\r\nNats-Trace-Hop: 1.1", "t.1"},
      {"Nats-Trace-Dest: t.1\r\nNats-Trace-Origin-Account:", "t.1"},
      {"nats-trace-dest: t.1", ""},
      {"Nats-Trace-Dest : t.1", ""},
      {"X-Nats-Trace-Dest: t.1", ""},
      {"A: Nats-Trace-Dest: t.1", ""},
      {"Nats-Trace-Dest: t.*", ""},
      {"Nats-Trace-Dest: t.>", ""},
      {"Nats-Trace-Dest: t. x", ""},
      {"Nats-Trace-Dest: t..x", ""},
      {"Nats-Trace-Dest:", ""},
      {"Nats-Trace-Dest: t.1\nX: y", ""},
      {"Nats-Trace-Dest: trace disabled", ""},
      {"Nats-Trace-Dest: trace disabled\r\nNats-Trace-Dest: t.1", ""},
      {"A: b\r\n\r\nNats-Trace-Dest: t.1", ""},
  };
  for (const auto& one : cases) {
    CAPTURE(one.lines);
    const TraceRequest request = read(one.lines);
    CHECK(request.destination == one.destination);
    CHECK((request.action == Action::kTrace) == !one.destination.empty());
    CHECK(request.action != Action::kDisable);
  }
}

TEST_CASE("a block that is none asks for nothing") {
  for (const std::string_view block :
       {"", "NATS/1.0", "NATS/1.0\r\n", "NATS/1.0\r\nNats-Trace-Dest: t.1",
        "NATS/1.0 503\r\nNats-Trace-Dest: t.1\r\n\r\n", "Nats-Trace-Dest: t.1\r\n\r\n",
        "XX\r\nNats-Trace-Dest: t.1\r\n\r\n", "NATS/1.0\nNats-Trace-Dest: t.1\n\n", "NATS/1.0\r\nN",
        "NATS/1.0\r\ntraceparent:"}) {
    CAPTURE(block);
    CHECK(read_trace_request(block, "acc", 100, 0).action == Action::kNone);
  }
  CHECK(find_trace_mention("NATS/1.0\r\nNats-Trace-Dest") == TraceMention::kNone);
  CHECK(find_trace_mention("NATS/1.0\r\ntraceparent") == TraceMention::kNone);
  CHECK(find_trace_mention("NATS/1.0\r\nTraceparent:") == TraceMention::kParent);
  // The end of the block may be missing, that of a line may not.
  CHECK(read_trace_request("NATS/1.0\r\nNats-Trace-Dest: t\r\n", "", 0, 0).destination == "t");
}

TEST_CASE("a sampled traceparent asks for one where the account says so [CORE-84] [ACCT-31]") {
  const struct {
    std::string_view lines;
    bool traced;
  } cases[] = {
      {"traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true},
      {"TraceParent: a-b-c-03", true},
      {"TRACEPARENT:a-b-c-11  ", true},
      {"A: b\r\ntraceparent: \ta-b-c-7f\r\nC: d", true},
      {"traceparent: ---01", true},
      {"traceparent: a-b-c-F1", true},  // nats-server reads the flags as a signed byte
      {"traceparent: a-b-c-00\r\nTraceparent: a-b-c-01", true},
      {"traceparent: a-b-c-01\r\ntraceparent: a-b-c-00", true},
      {"Nats-Trace-Dest: \r\ntraceparent: a-b-c-01", true},
      {"traceparent: a-b-c-00", false},
      {"traceparent: a-b-c-02", false},
      {"traceparent: a-b-c-1", false},
      {"traceparent: a-b-c-001", false},
      {"traceparent: a-b-c-01x", false},
      {"traceparent: a-b-c-xx", false},
      {"traceparent: a-b-c-+1", false},  // nats-server takes it for a number
      {"traceparent: a-b-01", false},
      {"traceparent: a-b-c-d-01", false},
      {"traceparent: 01", false},
      {"traceparent:", false},
      {"traceparent : a-b-c-01", false},
      {"xtraceparent: a-b-c-01", false},
      {"A: traceparent: a-b-c-01", false},
      {"Nats-Trace-Dest: t.*\r\ntraceparent: a-b-c-01", false},
      {"Nats-Trace-Dest: trace disabled\r\ntraceparent: a-b-c-01", false},
  };
  for (const auto& one : cases) {
    CAPTURE(one.lines);
    const TraceRequest request = read(one.lines);
    CHECK((request.action == Action::kTrace) == one.traced);
    CHECK(request.destination == (one.traced ? "acc" : ""));
    CHECK_FALSE(request.by_client);
    const std::string block = block_of(one.lines);
    CHECK(read_trace_request(block, "", 100, 0).action == Action::kNone);
  }
  const TraceRequest both = read("traceparent: a-b-c-01\r\nNats-Trace-Dest: t.1");
  CHECK(both.destination == "t.1");
  CHECK(both.by_client);
}

TEST_CASE("of those sampled, the account draws some; the others are traced nowhere [CORE-83]") {
  const auto draw = [](int percent) { return static_cast<std::uint64_t>(percent) << 16; };
  CHECK(read("traceparent: a-b-c-01", 5, draw(4)).action == Action::kTrace);
  CHECK(read("traceparent: a-b-c-01", 5, draw(5)).action == Action::kDisable);
  CHECK(read("traceparent: a-b-c-00", 5, draw(5)).action == Action::kNone);
  CHECK(read("Nats-Trace-Dest: t", 5, draw(5)).action == Action::kTrace);
  for (const std::string_view asking : {"Nats-Trace-Dest: t", "traceparent: a-b-c-01"}) {
    const std::string lines = std::string(asking) + "\r\nNats-Trace-Origin-Account: X";
    CHECK(read(lines).action == Action::kDisable);
  }
}

TEST_CASE("trace-only is for those who name a destination [CORE-81]") {
  for (const std::string_view yes : {"true", "TRUE", "1", "on", "On", "1 "})
    CHECK(read("Nats-Trace-Dest: t\r\nNats-Trace-Only: " + std::string(yes)).only);
  for (const std::string_view no : {"false", "yes", "0", "", "false\r\nNats-Trace-Only: true"})
    CHECK_FALSE(read("Nats-Trace-Dest: t\r\nNats-Trace-Only: " + std::string(no)).only);
  CHECK_FALSE(read("Nats-Trace-Dest: t\r\nnats-trace-only: true").only);
  CHECK_FALSE(read("traceparent: a-b-c-01\r\nNats-Trace-Only: true").only);
}

TEST_CASE("how the event is packed [CORE-86]") {
  const struct {
    std::string_view accepted;
    TraceEncoding encoding;
  } cases[] = {
      {"", TraceEncoding::kNone},       {"gzip", TraceEncoding::kGzip},
      {"GZIP", TraceEncoding::kGzip},   {"snappy", TraceEncoding::kSnappy},
      {"s2", TraceEncoding::kSnappy},   {"gzip, snappy", TraceEncoding::kSnappy},
      {"br", TraceEncoding::kIdentity}, {"identity", TraceEncoding::kIdentity},
  };
  for (const auto& one : cases) {
    const std::string accepted = "\r\nAccept-Encoding: " + std::string(one.accepted);
    CHECK(read("Nats-Trace-Dest: t" + accepted).encoding == one.encoding);
    CHECK(read("traceparent: a-b-c-01" + accepted).encoding == one.encoding);
  }
}

TEST_CASE("headers are told sorted, names as they are, without empty ones [CORE-85]") {
  const auto headers = [](std::string_view lines) {
    return read("Nats-Trace-Dest: t.1\r\n" + std::string(lines)).headers;
  };
  CHECK(headers("X: 1\r\nx: 2\r\nX: 3\r\nZ:   sp  \r\nweird") ==
        R"({"Nats-Trace-Dest":["t.1"],"X":["1","3"],"Z":["sp"],"x":["2"]})");
  CHECK(headers("b: 2\r\na-b: 3\r\n<: 4\r\n:z\r\nE:") ==
        R"({"\u003c":["4"],"Nats-Trace-Dest":["t.1"],"a-b":["3"],"b":["2"]})");
  CHECK(headers(" X: y\r\nY : z\r\nU: \xff") ==
        "{\" X\":[\"y\"],\"Nats-Trace-Dest\":[\"t.1\"],\"U\":[\"\\ufffd\"],\"Y \":[\"z\"]}");
}

}  // namespace
}  // namespace midge::broker
