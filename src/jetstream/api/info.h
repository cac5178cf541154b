// What the API tells of streams and consumers, in the shape of its JSON.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "jetstream/api/error.h"
#include "jetstream/config/consumer_config.h"
#include "jetstream/config/stream_config.h"

namespace midge::jetstream {

template <class Visitor>
void describe(Visitor& v, ApiError& e) {
  v.field("code", e.code).unless_empty("err_code", e.err_code);
  v.unless_empty("description", e.description);
}

struct SequencePair {
  std::uint64_t consumer = 0, stream = 0;
  std::optional<WallTime> last_active;
};
template <class Visitor>
void describe(Visitor& v, SequencePair& p) {
  v.field("consumer_seq", p.consumer).field("stream_seq", p.stream);
  v.unless_empty("last_active", p.last_active);
}

struct LostState {
  std::optional<std::vector<std::uint64_t>> messages;
  std::uint64_t bytes = 0;
};
template <class Visitor>
void describe(Visitor& v, LostState& l) {
  v.field("msgs", l.messages).field("bytes", l.bytes);
}

struct StreamState {
  std::uint64_t messages = 0, bytes = 0;
  std::uint64_t first_sequence = 0;
  WallTime first_time = kNoTime;
  std::uint64_t last_sequence = 0;
  WallTime last_time = kNoTime;
  std::uint64_t subject_count = 0;
  std::map<std::string, std::uint64_t> subjects;
  std::uint64_t deleted_count = 0;
  std::vector<std::uint64_t> deleted;
  std::optional<LostState> lost;
  std::int64_t consumers = 0;
};
template <class Visitor>
void describe(Visitor& v, StreamState& s) {
  v.field("messages", s.messages).field("bytes", s.bytes).field("first_seq", s.first_sequence);
  v.field("first_ts", s.first_time).field("last_seq", s.last_sequence);
  v.field("last_ts", s.last_time).unless_empty("num_subjects", s.subject_count);
  v.unless_empty("subjects", s.subjects).unless_empty("num_deleted", s.deleted_count);
  v.unless_empty("deleted", s.deleted).unless_empty("lost", s.lost);
  v.field("consumer_count", s.consumers);
}

struct ClusterInfo {
  std::string leader;
};
template <class Visitor>
void describe(Visitor& v, ClusterInfo& c) {
  v.unless_empty("leader", c.leader);
}

struct SourceInfo {
  std::string name, filter_subject;
  std::vector<TransformConfig> transforms;
  std::optional<ExternalConfig> external;
  std::uint64_t lag = 0;
  Duration active{-1};
  std::optional<ApiError> error;
};
template <class Visitor>
void describe(Visitor& v, SourceInfo& s) {
  v.field("name", s.name).unless_empty("external", s.external).field("lag", s.lag);
  v.field("active", s.active).unless_empty("error", s.error);
  v.unless_empty("filter_subject", s.filter_subject);
  v.unless_empty("subject_transforms", s.transforms);
}

struct StreamInfo {
  StreamConfig config;
  WallTime created = kNoTime;
  StreamState state;
  std::string domain;
  std::optional<ClusterInfo> cluster;
  std::optional<SourceInfo> mirror;
  std::vector<SourceInfo> sources;
  WallTime time = kNoTime;
};
template <class Visitor>
void describe(Visitor& v, StreamInfo& i) {
  v.field("config", i.config).field("created", i.created).field("state", i.state);
  v.unless_empty("domain", i.domain).unless_empty("cluster", i.cluster);
  v.unless_empty("mirror", i.mirror).unless_empty("sources", i.sources).field("ts", i.time);
}

struct PriorityGroupInfo {
  std::string group, pinned_client_id;
  WallTime pinned_time = kNoTime;
};
template <class Visitor>
void describe(Visitor& v, PriorityGroupInfo& p) {
  v.field("group", p.group).unless_empty("pinned_client_id", p.pinned_client_id);
  v.field("pinned_ts", p.pinned_time);
}

// Those that are not stored yet; nobody else tells that.
struct DeadLetterInfo {
  std::uint64_t waiting = 0;
  std::string error;
};
template <class Visitor>
void describe(Visitor& v, DeadLetterInfo& d) {
  v.field("waiting", d.waiting).unless_empty("error", d.error);
}

struct ConsumerInfo {
  std::string stream, name;
  WallTime created = kNoTime;
  std::optional<ConsumerConfig> config;
  SequencePair delivered, ack_floor;
  std::int64_t ack_pending = 0, redelivered = 0, waiting = 0;
  std::uint64_t pending = 0;
  std::optional<ClusterInfo> cluster;
  bool push_bound = false, paused = false;
  Duration pause_remaining{};
  WallTime time = kNoTime;
  std::vector<PriorityGroupInfo> priority_groups;
  std::optional<DeadLetterInfo> dead_letters;
};
template <class Visitor>
void describe(Visitor& v, ConsumerInfo& i) {
  v.field("stream_name", i.stream).field("name", i.name).field("created", i.created);
  v.unless_empty("config", i.config).field("delivered", i.delivered);
  v.field("ack_floor", i.ack_floor).field("num_ack_pending", i.ack_pending);
  v.field("num_redelivered", i.redelivered).field("num_waiting", i.waiting);
  v.field("num_pending", i.pending).unless_empty("cluster", i.cluster);
  v.unless_empty("push_bound", i.push_bound).unless_empty("paused", i.paused);
  v.unless_empty("pause_remaining", i.pause_remaining).field("ts", i.time);
  v.unless_empty("priority_groups", i.priority_groups);
  v.unless_empty("dead_letters", i.dead_letters);
}

}  // namespace midge::jetstream
