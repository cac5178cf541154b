#include "broker/message_trace.h"

#include "codec/gzip.h"
#include "codec/json_writer.h"
#include "codec/snappy_stream.h"

namespace midge::broker {
namespace {

using codec::JsonWriter;

constexpr int kClientKind = 0;  // of connections, as all events number them

void write_event(JsonWriter& json, const TraceEvent& event) {
  const auto begin = [&](std::string_view type) {
    json.begin_object().field("type", type).field("ts", event.at);
  };
  const auto write_connection = [&] {
    json.field("kind", kClientKind).field("cid", event.cid);
    json.field_unless_empty("name", event.name);
  };
  switch (event.type) {
    case TraceEvent::Type::kIngress:
      begin("in");
      write_connection();
      json.field("acc", event.account).field("subj", event.subject);
      json.field_unless_empty("error", event.error);
      break;
    case TraceEvent::Type::kMapping:
      begin("sm");
      json.field("to", event.to);
      break;
    case TraceEvent::Type::kStreamExport:
      begin("se");
      json.field("acc", event.account).field("to", event.to);
      break;
    case TraceEvent::Type::kServiceImport:
      begin("si");
      json.field("acc", event.account).field("from", event.subject).field("to", event.to);
      break;
    case TraceEvent::Type::kStream:
      begin("js");
      json.field("stream", event.name).field_unless_empty("subject", event.subject);
      if (event.no_interest) json.field("nointerest", true);
      json.field_unless_empty("error", event.error);
      break;
    case TraceEvent::Type::kEgress:
      begin("eg");
      write_connection();
      json.field_unless_empty("acc", event.account).field_unless_empty("sub", event.subject);
      json.field_unless_empty("queue", event.queue).field_unless_empty("error", event.error);
      break;
  }
  json.end_object();
}

std::string content_encoding(std::string_view name) {
  std::string header = "NATS/1.0\r\nContent-Encoding: ";
  return header.append(name).append("\r\n\r\n");
}

}  // namespace

std::string trace_event_json(const MessageTrace& trace, const SignEvent& sign, WallTime now) {
  JsonWriter json;
  json.begin_object();
  if (sign) sign(json, now);
  json.key("request").begin_object();
  json.key("header").raw(trace.request.headers).field("msgsize", trace.message_size);
  json.end_object();
  json.key("events").begin_array();
  for (const TraceEvent& event : trace.events) write_event(json, event);
  return json.end_array().end_object().take();
}

PackedEvent pack_trace_event(std::string json, TraceEncoding encoding) {
  switch (encoding) {
    case TraceEncoding::kNone:
      return {"", std::move(json)};
    case TraceEncoding::kIdentity:
      return {content_encoding("identity"), std::move(json)};
    case TraceEncoding::kSnappy:
      return {content_encoding("snappy"), codec::write_snappy_stream(json)};
    case TraceEncoding::kGzip:
      return {content_encoding("gzip"), codec::write_gzip(json)};
  }
  return {};
}

}  // namespace midge::broker
