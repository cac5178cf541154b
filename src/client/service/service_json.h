// What a service tells of itself, as JSON has it.
#pragma once

#include <string>

#include "client/jetstream/json_time.h"
#include "midge/service.h"

namespace midge {

template <class Visitor>
void describe(Visitor& v, EndpointInfo& e) {
  v.field("name", e.name).field("subject", e.subject).field("queue_group", e.queue_group);
  v.field("metadata", e.metadata);
}

template <class Visitor>
void describe(Visitor& v, EndpointStats& e) {
  v.field("name", e.name).field("subject", e.subject).field("queue_group", e.queue_group);
  v.field("num_requests", e.requests).field("num_errors", e.errors);
  v.field("last_error", e.last_error).field("processing_time", e.processing);
  v.field("average_processing_time", e.average_processing);
}

namespace detail {

// With which each answer begins; `kind`: `ping`, `info`, `stats`.
template <class Visitor, class Content>
void describe_head(Visitor& v, const std::string& kind, Content& c) {
  std::string type = "io.nats.micro.v1." + kind + "_response";
  v.field("type", type).field("name", c.name).field("id", c.id).field("version", c.version);
  v.field("metadata", c.metadata);
}

// `ping`, or `info`.
struct ServiceAnswer {
  std::string kind;
  ServiceInfo info;
};
template <class Visitor>
void describe(Visitor& v, ServiceAnswer& answer) {
  describe_head(v, answer.kind, answer.info);
  if (answer.kind == "ping") return;
  v.field("description", answer.info.description).field("endpoints", answer.info.endpoints);
}

// As an answer is read: data is taken out of it by itself.
template <class Visitor>
void describe_answer(Visitor& v, ServiceInfo& info) {
  describe_head(v, "", info);
  v.field("description", info.description).field("endpoints", info.endpoints);
}
template <class Visitor>
void describe_answer(Visitor& v, ServiceStats& stats) {
  describe_head(v, "", stats);
  v.field("started", stats.started).field("endpoints", stats.endpoints);
}
template <class Content>
struct ServiceReading {
  Content content;
};
template <class Visitor, class Content>
void describe(Visitor& v, ServiceReading<Content>& reading) {
  describe_answer(v, reading.content);
}

// Endpoints' data is JSON already; what is none is told as a text.
inline void write_stats(codec::JsonWriter& json, EndpointStats& stats) {
  json.begin_object();
  codec::JsonStructWriter fields(json);
  describe(fields, stats);
  if (!stats.data.empty() && codec::read_json_tree(stats.data))
    json.key("data").raw(stats.data);
  else
    json.field_unless_empty("data", stats.data);
  json.end_object();
}

inline std::string stats_answer(ServiceStats stats) {
  codec::JsonWriter json;
  json.begin_object();
  codec::JsonStructWriter fields(json);
  describe_head(fields, "stats", stats);
  fields.field("started", stats.started);
  json.key("endpoints").begin_array();
  for (EndpointStats& endpoint : stats.endpoints) write_stats(json, endpoint);
  json.end_array().end_object();
  return json.take();
}

}  // namespace detail
}  // namespace midge
