// A consumer's configuration, as the API's JSON has it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "codec/json_struct.h"
#include "jetstream/config/dead_letter_config.h"

namespace midge::jetstream {

using codec::kNoTime;
using codec::StringMap;

enum class DeliverPolicy : std::uint8_t {
  kAll,
  kLast,
  kNew,
  kByStartSequence,
  kByStartTime,
  kLastPerSubject,
};
inline std::span<const char* const> enum_texts(DeliverPolicy) {
  static constexpr const char* kTexts[] = {
      "all", "last", "new", "by_start_sequence", "by_start_time", "last_per_subject"};
  return kTexts;
}
enum class AckPolicy : std::uint8_t { kNone, kAll, kExplicit, kFlowControl };
inline std::span<const char* const> enum_texts(AckPolicy) {
  static constexpr const char* kTexts[] = {"none", "all", "explicit", "flow_control"};
  return kTexts;
}
enum class ReplayPolicy : std::uint8_t { kInstant, kOriginal };
inline std::span<const char* const> enum_texts(ReplayPolicy) {
  static constexpr const char* kTexts[] = {"instant", "original"};
  return kTexts;
}
enum class PriorityPolicy : std::uint8_t { kNone, kOverflow, kPinnedClient, kPrioritized };
inline std::span<const char* const> enum_texts(PriorityPolicy) {
  static constexpr const char* kTexts[] = {"none", "overflow", "pinned_client", "prioritized"};
  return kTexts;
}

inline std::string enum_error(PriorityPolicy, const std::string& quoted) {
  return "unknown priority policy: " + quoted;
}

struct ConsumerConfig {
  std::string durable_name, name, description;
  DeliverPolicy deliver_policy = DeliverPolicy::kAll;
  std::uint64_t start_sequence = 0;
  std::optional<WallTime> start_time;
  AckPolicy ack_policy = AckPolicy::kNone;
  Duration ack_wait{};
  std::int64_t max_deliver = 0;
  std::vector<Duration> backoff;
  std::string filter_subject;
  std::vector<std::string> filter_subjects;
  ReplayPolicy replay_policy = ReplayPolicy::kInstant;
  std::uint64_t rate_limit_bps = 0;
  std::string sample_frequency;
  std::int64_t max_waiting = 0;
  std::int64_t max_ack_pending = 0;
  bool flow_control = false, headers_only = false;
  std::int64_t max_batch = 0;
  Duration max_expires{};
  std::int64_t max_bytes = 0;
  std::string deliver_subject, deliver_group;
  Duration idle_heartbeat{};
  Duration inactive_threshold{};
  std::int64_t replicas = 0;
  bool memory_storage = false, direct = false, sourcing = false;
  StringMap metadata;
  std::optional<WallTime> pause_until;
  std::vector<std::string> priority_groups;
  PriorityPolicy priority_policy = PriorityPolicy::kNone;
  Duration priority_timeout{};
  std::optional<DeadLetterConfig> dead_letter;
  bool operator==(const ConsumerConfig&) const = default;

  [[nodiscard]] bool is_push() const { return !deliver_subject.empty(); }
  [[nodiscard]] bool is_durable() const { return !durable_name.empty(); }
  // By the field or by the metadata; "" = it has none.
  [[nodiscard]] std::string_view dead_letter_subject() const {
    if (dead_letter) return dead_letter->subject;
    const auto named = metadata.find(kDeadLetterMetadata);
    return named == metadata.end() ? std::string_view() : std::string_view(named->second);
  }
};
template <class Visitor>
void describe(Visitor& v, ConsumerConfig& c) {
  v.name("ConsumerConfig").unless_empty("durable_name", c.durable_name);
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

}  // namespace midge::jetstream
