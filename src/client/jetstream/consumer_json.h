// Consumers' configurations and figures as the API's JSON has them.
#pragma once

#include <span>

#include "client/jetstream/stream_json.h"
#include "midge/consumer_config.h"

namespace midge {

inline std::span<const char* const> enum_texts(DeliverPolicy) {
  static constexpr const char* kTexts[] = {
      "all", "last", "new", "by_start_sequence", "by_start_time", "last_per_subject"};
  return kTexts;
}
inline std::span<const char* const> enum_texts(AckPolicy) {
  static constexpr const char* kTexts[] = {"none", "all", "explicit", "flow_control"};
  return kTexts;
}
inline std::span<const char* const> enum_texts(ReplayPolicy) {
  static constexpr const char* kTexts[] = {"instant", "original"};
  return kTexts;
}
inline std::span<const char* const> enum_texts(PriorityPolicy) {
  static constexpr const char* kTexts[] = {"none", "overflow", "pinned_client", "prioritized"};
  return kTexts;
}

template <class Visitor>
void describe(Visitor& v, DeadLetter& d) {
  v.field("subject", d.subject);
}

template <class Visitor>
void describe(Visitor& v, ConsumerConfig& c) {
  v.unless_empty("durable_name", c.durable_name);
  v.unless_empty("name", c.name).unless_empty("description", c.description);
  v.field("deliver_policy", c.deliver_policy).unless_empty("opt_start_seq", c.start_sequence);
  v.unless_empty("opt_start_time", c.start_time).field("ack_policy", c.ack_policy);
  v.unless_empty("ack_wait", c.ack_wait).unless_empty("max_deliver", c.max_deliver);
  v.unless_empty("backoff", c.backoff).unless_empty("filter_subject", c.filter_subject);
  v.unless_empty("filter_subjects", c.filter_subjects).field("replay_policy", c.replay_policy);
  v.unless_empty("rate_limit_bps", c.rate_limit_bps);
  v.unless_empty("sample_freq", c.sample_frequency).unless_empty("max_waiting", c.max_waiting);
  v.unless_empty("max_ack_pending", c.max_ack_pending);
  v.unless_empty("flow_control", c.flow_control).unless_empty("headers_only", c.headers_only);
  v.unless_empty("max_batch", c.max_batch).unless_empty("max_expires", c.max_expires);
  v.unless_empty("max_bytes", c.max_bytes).unless_empty("deliver_subject", c.deliver_subject);
  v.unless_empty("deliver_group", c.deliver_group);
  v.unless_empty("idle_heartbeat", c.idle_heartbeat);
  v.unless_empty("inactive_threshold", c.inactive_threshold).field("num_replicas", c.replicas);
  v.unless_empty("mem_storage", c.memory_storage).unless_empty("direct", c.direct);
  v.unless_empty("sourcing", c.sourcing).unless_empty("metadata", c.metadata);
  v.unless_empty("pause_until", c.pause_until).unless_empty("priority_groups", c.priority_groups);
  v.unless_empty("priority_policy", c.priority_policy);
  v.unless_empty("priority_timeout", c.priority_timeout);
  v.unless_empty("dead_letter", c.dead_letter);
}

template <class Visitor>
void describe(Visitor& v, SequencePair& p) {
  v.field("consumer_seq", p.consumer).field("stream_seq", p.stream);
  v.field("last_active", p.last_active);
}

template <class Visitor>
void describe(Visitor& v, PriorityGroupInfo& p) {
  v.field("group", p.group).field("pinned_client_id", p.pinned_client_id);
  v.field("pinned_ts", p.pinned_time);
}

template <class Visitor>
void describe(Visitor& v, ConsumerInfo& i) {
  v.field("stream_name", i.stream).field("name", i.name).field("created", i.created);
  v.field("config", i.config).field("delivered", i.delivered).field("ack_floor", i.ack_floor);
  v.field("num_ack_pending", i.ack_pending).field("num_redelivered", i.redelivered);
  v.field("num_waiting", i.waiting).field("num_pending", i.pending).field("cluster", i.cluster);
  v.field("push_bound", i.push_bound).field("paused", i.paused);
  v.field("pause_remaining", i.pause_remaining).field("ts", i.time);
  v.field("priority_groups", i.priority_groups);
}

}  // namespace midge
