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

// With which each answer begins.
template <class Content>
struct ServiceAnswer {
  std::string type;  // `ping`, `info`, `stats`
  Content content;
};
template <class Visitor, class Content>
void describe(Visitor& v, ServiceAnswer<Content>& answer) {
  auto& c = answer.content;
  std::string type = "io.nats.micro.v1." + answer.type + "_response";
  v.field("type", type).field("name", c.name).field("id", c.id).field("version", c.version);
  v.field("metadata", c.metadata);
  if constexpr (requires { c.started; }) v.field("started", c.started);
  if constexpr (requires { c.description; }) {
    if (answer.type == "ping") return;
    v.field("description", c.description);
  }
  v.field("endpoints", c.endpoints);
}

}  // namespace detail
}  // namespace midge
