// Streams' configurations and figures as the API's JSON has them.
#pragma once

#include <span>

#include "client/jetstream/json_time.h"
#include "midge/jetstream.h"

namespace midge {

inline std::span<const char* const> enum_texts(Retention) {
  static constexpr const char* kTexts[] = {"limits", "interest", "workqueue"};
  return kTexts;
}
inline std::span<const char* const> enum_texts(Discard) {
  static constexpr const char* kTexts[] = {"old", "new"};
  return kTexts;
}
inline std::span<const char* const> enum_texts(Storage) {
  static constexpr const char* kTexts[] = {"file", "memory"};
  return kTexts;
}
inline std::span<const char* const> enum_texts(Compression) {
  static constexpr const char* kTexts[] = {"none", "s2"};
  return kTexts;
}
inline std::span<const char* const> enum_texts(PersistMode) {
  static constexpr const char* kTexts[] = {"default", "async"};
  return kTexts;
}

template <class Visitor>
void describe(Visitor& v, Placement& p) {
  v.unless_empty("cluster", p.cluster).unless_empty("tags", p.tags);
  v.unless_empty("preferred", p.preferred);
}

template <class Visitor>
void describe(Visitor& v, SubjectTransform& t) {
  v.field("src", t.source).field("dest", t.destination);
}

template <class Visitor>
void describe(Visitor& v, ExternalStream& e) {
  v.field("api", e.api).field("deliver", e.deliver);
}

template <class Visitor>
void describe(Visitor& v, SourceConsumer& c) {
  v.unless_empty("name", c.name).unless_empty("deliver_subject", c.deliver_subject);
}

template <class Visitor>
void describe(Visitor& v, StreamSource& s) {
  v.field("name", s.name).unless_empty("opt_start_seq", s.start_sequence);
  v.unless_empty("opt_start_time", s.start_time).unless_empty("filter_subject", s.filter_subject);
  v.unless_empty("subject_transforms", s.transforms).unless_empty("external", s.external);
  v.unless_empty("consumer", s.consumer);
}

template <class Visitor>
void describe(Visitor& v, Republish& r) {
  v.unless_empty("src", r.source).field("dest", r.destination);
  v.unless_empty("headers_only", r.headers_only);
}

template <class Visitor>
void describe(Visitor& v, ConsumerLimits& l) {
  v.unless_empty("inactive_threshold", l.inactive_threshold);
  v.unless_empty("max_ack_pending", l.max_ack_pending);
}

template <class Visitor>
void describe(Visitor& v, StreamConfig& c) {
  v.field("name", c.name).unless_empty("description", c.description);
  v.unless_empty("subjects", c.subjects).field("retention", c.retention);
  v.field("max_consumers", c.max_consumers).field("max_msgs", c.max_messages);
  v.field("max_bytes", c.max_bytes).field("max_age", c.max_age);
  v.field("max_msgs_per_subject", c.max_messages_per_subject);
  v.unless_empty("max_msg_size", c.max_message_size).field("discard", c.discard);
  v.field("storage", c.storage).field("num_replicas", c.replicas).unless_empty("no_ack", c.no_ack);
  v.unless_empty("duplicate_window", c.duplicate_window).unless_empty("placement", c.placement);
  v.unless_empty("mirror", c.mirror).unless_empty("sources", c.sources);
  v.field("compression", c.compression).unless_empty("first_seq", c.first_sequence);
  v.unless_empty("subject_transform", c.transform).unless_empty("republish", c.republish);
  v.field("allow_direct", c.allow_direct).field("mirror_direct", c.mirror_direct);
  v.unless_empty("discard_new_per_subject", c.discard_new_per_subject).field("sealed", c.sealed);
  v.field("deny_delete", c.deny_delete).field("deny_purge", c.deny_purge);
  v.field("allow_rollup_hdrs", c.allow_rollup).field("consumer_limits", c.consumer_limits);
  v.unless_empty("allow_msg_ttl", c.allow_message_ttl);
  v.unless_empty("subject_delete_marker_ttl", c.subject_delete_marker_ttl);
  v.unless_empty("allow_msg_counter", c.allow_counter).unless_empty("allow_atomic", c.allow_atomic);
  v.unless_empty("allow_msg_schedules", c.allow_schedules);
  v.unless_empty("persist_mode", c.persist_mode).unless_empty("allow_batched", c.allow_batched);
  v.unless_empty("metadata", c.metadata);
}

template <class Visitor>
void describe(Visitor& v, LostMessages& l) {
  v.field("msgs", l.messages).field("bytes", l.bytes);
}

template <class Visitor>
void describe(Visitor& v, StreamState& s) {
  v.field("messages", s.messages).field("bytes", s.bytes).field("first_seq", s.first_sequence);
  v.field("first_ts", s.first_time).field("last_seq", s.last_sequence);
  v.field("last_ts", s.last_time).field("num_subjects", s.subject_count);
  v.field("subjects", s.subjects).field("num_deleted", s.deleted_count);
  v.field("deleted", s.deleted).field("lost", s.lost).field("consumer_count", s.consumers);
}

template <class Visitor>
void describe(Visitor& v, PeerInfo& p) {
  v.field("name", p.name).field("current", p.current).field("offline", p.offline);
  v.field("active", p.active).field("lag", p.lag);
}

template <class Visitor>
void describe(Visitor& v, ClusterInfo& c) {
  v.field("name", c.name).field("raft_group", c.raft_group).field("leader", c.leader);
  v.field("replicas", c.replicas);
}

namespace detail {
// The text alone is told.
struct SourceError {
  std::string& text;
};
template <class Visitor>
void describe(Visitor& v, SourceError& e) {
  v.field("description", e.text);
}
}  // namespace detail

template <class Visitor>
void describe(Visitor& v, SourceInfo& s) {
  detail::SourceError error{s.error};
  v.field("name", s.name).field("external", s.external).field("lag", s.lag);
  v.field("active", s.active).field("error", error).field("filter_subject", s.filter_subject);
  v.field("subject_transforms", s.transforms);
}

template <class Visitor>
void describe(Visitor& v, StreamAlternate& a) {
  v.field("name", a.name).field("domain", a.domain).field("cluster", a.cluster);
}

template <class Visitor>
void describe(Visitor& v, StreamInfo& i) {
  v.field("config", i.config).field("created", i.created).field("state", i.state);
  v.field("domain", i.domain).field("cluster", i.cluster);
  v.field("mirror", i.mirror).field("sources", i.sources);
  v.field("alternates", i.alternates).field("ts", i.time);
}

}  // namespace midge
