// Goal: a trace is told with nats-server's fields in its order.
// Method: one event of each kind, as text.
#include "broker/message_trace.h"

#include <doctest/doctest.h>

#include "codec/json_writer.h"

namespace midge::broker {
namespace {

using Type = TraceEvent::Type;

TEST_CASE("the event of a trace [CORE-85] [CORE-87]") {
  MessageTrace trace{{}, {}, 5, true, false, {}, 42};
  trace.request.headers = R"({"A":["b"]})";
  trace.events = {
      {.type = Type::kIngress, .cid = 5, .name = "pub", .account = "A", .subject = "in"},
      {.type = Type::kIngress, .cid = 5, .account = "A", .subject = "in", .error = "no"},
      {.type = Type::kMapping, .to = "out"},
      {.type = Type::kStreamExport, .account = "B", .to = "p.out"},
      {.type = Type::kServiceImport, .account = "B", .subject = "out", .to = "svc"},
      {.type = Type::kEgress, .cid = 6, .name = "sub", .subject = "o.>"},
      {.type = Type::kEgress,
       .cid = 7,
       .account = "B",
       .subject = "out",
       .queue = "q",
       .error = std::string(kTraceNoEcho)},
  };
  const SignEvent sign = [](codec::JsonWriter& json, WallTime now) {
    json.field("server", now.ns);
  };
  const std::string at = R"("ts":"1970-01-01T00:00:00Z")";
  CHECK(trace_event_json(trace, sign, {7}) ==
        R"({"server":7,"request":{"header":{"A":["b"]},"msgsize":42},"events":[)"
        R"({"type":"in",)" +
            at +
            R"(,"kind":0,"cid":5,"name":"pub","acc":"A","subj":"in"},)"
            R"({"type":"in",)" +
            at +
            R"(,"kind":0,"cid":5,"acc":"A","subj":"in","error":"no"},)"
            R"({"type":"sm",)" +
            at +
            R"(,"to":"out"},)"
            R"({"type":"se",)" +
            at +
            R"(,"acc":"B","to":"p.out"},)"
            R"({"type":"si",)" +
            at +
            R"(,"acc":"B","from":"out","to":"svc"},)"
            R"({"type":"eg",)" +
            at +
            R"(,"kind":0,"cid":6,"name":"sub","sub":"o.\u003e"},)"
            R"({"type":"eg",)" +
            at +
            R"(,"kind":0,"cid":7,"acc":"B","sub":"out","queue":"q",)"
            R"("error":"Not delivered because of no echo"}]})");
  CHECK(trace_event_json(trace, {}, {}).starts_with(R"({"request":{"header")"));
}

TEST_CASE("how an event was packed is told in a header [CORE-86]") {
  CHECK(pack_trace_event("{}", TraceEncoding::kNone).header.empty());
  CHECK(pack_trace_event("{}", TraceEncoding::kNone).body == "{}");
  const PackedEvent plain = pack_trace_event("{}", TraceEncoding::kIdentity);
  CHECK(plain.header == "NATS/1.0\r\nContent-Encoding: identity\r\n\r\n");
  CHECK(plain.body == "{}");
  const PackedEvent snappy = pack_trace_event("{}", TraceEncoding::kSnappy);
  CHECK(snappy.header == "NATS/1.0\r\nContent-Encoding: snappy\r\n\r\n");
  CHECK(snappy.body.substr(4, 6) == "sNaPpY");
  const PackedEvent gzip = pack_trace_event("{}", TraceEncoding::kGzip);
  CHECK(gzip.header == "NATS/1.0\r\nContent-Encoding: gzip\r\n\r\n");
  CHECK(gzip.body.starts_with("\x1f\x8b"));
}

}  // namespace
}  // namespace midge::broker
