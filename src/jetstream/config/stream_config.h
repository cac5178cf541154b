// A stream's configuration, as the API's JSON has it. Values as given; what is missing or wrong is
// checks' business (stream_checks.h).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "codec/json_struct.h"

namespace midge::jetstream {

using codec::kNoTime;
using codec::StringMap;

enum class Retention : std::uint8_t { kLimits, kInterest, kWorkQueue };
inline std::span<const char* const> enum_texts(Retention) {
  static constexpr const char* kTexts[] = {"limits", "interest", "workqueue"};
  return kTexts;
}
enum class Discard : std::uint8_t { kOld, kNew };
inline std::span<const char* const> enum_texts(Discard) {
  static constexpr const char* kTexts[] = {"old", "new"};
  return kTexts;
}
enum class Storage : std::uint8_t { kFile, kMemory };
inline std::span<const char* const> enum_texts(Storage) {
  static constexpr const char* kTexts[] = {"file", "memory"};
  return kTexts;
}
enum class Compression : std::uint8_t { kNone, kS2 };
inline std::span<const char* const> enum_texts(Compression) {
  static constexpr const char* kTexts[] = {"none", "s2"};
  return kTexts;
}
inline const char* enum_error(Compression, const std::string&) {
  return "unknown compression algorithm";
}
enum class PersistMode : std::uint8_t { kDefault, kAsync };
inline std::span<const char* const> enum_texts(PersistMode) {
  static constexpr const char* kTexts[] = {"default", "async"};
  return kTexts;
}

struct Placement {
  std::string cluster;
  std::vector<std::string> tags;
  std::string preferred;
  bool operator==(const Placement&) const = default;
};
template <class Visitor>
void describe(Visitor& v, Placement& p) {
  v.unless_empty("cluster", p.cluster).unless_empty("tags", p.tags);
  v.unless_empty("preferred", p.preferred);
}

struct TransformConfig {
  std::string source, destination;
  bool operator==(const TransformConfig&) const = default;
};
template <class Visitor>
void describe(Visitor& v, TransformConfig& t) {
  v.field("src", t.source).field("dest", t.destination);
}

struct ExternalConfig {
  std::string api, deliver;
  bool operator==(const ExternalConfig&) const = default;
};
template <class Visitor>
void describe(Visitor& v, ExternalConfig& e) {
  v.field("api", e.api).field("deliver", e.deliver);
}

struct SourceConsumerConfig {
  std::string name, deliver_subject;
  bool operator==(const SourceConsumerConfig&) const = default;
};
template <class Visitor>
void describe(Visitor& v, SourceConsumerConfig& c) {
  v.unless_empty("name", c.name).unless_empty("deliver_subject", c.deliver_subject);
}

// Where a mirror or a sourcing stream gets its messages.
struct SourceConfig {
  std::string name;
  std::uint64_t start_sequence = 0;
  std::optional<WallTime> start_time;
  std::string filter_subject;
  std::vector<TransformConfig> transforms;
  std::optional<ExternalConfig> external;
  std::optional<SourceConsumerConfig> consumer;
  bool operator==(const SourceConfig&) const = default;
};
template <class Visitor>
void describe(Visitor& v, SourceConfig& s) {
  v.name("StreamSource").field("name", s.name).unless_empty("opt_start_seq", s.start_sequence);
  v.unless_empty("opt_start_time", s.start_time).unless_empty("filter_subject", s.filter_subject);
  v.unless_empty("subject_transforms", s.transforms).unless_empty("external", s.external);
  v.unless_empty("consumer", s.consumer);
}

struct RepublishConfig {
  std::string source, destination;
  bool headers_only = false;
  bool operator==(const RepublishConfig&) const = default;
};
template <class Visitor>
void describe(Visitor& v, RepublishConfig& r) {
  v.unless_empty("src", r.source).field("dest", r.destination);
  v.unless_empty("headers_only", r.headers_only);
}

struct ConsumerLimitsConfig {
  Duration inactive_threshold{};
  std::int64_t max_ack_pending = 0;
  bool operator==(const ConsumerLimitsConfig&) const = default;
};
template <class Visitor>
void describe(Visitor& v, ConsumerLimitsConfig& l) {
  v.unless_empty("inactive_threshold", l.inactive_threshold);
  v.unless_empty("max_ack_pending", l.max_ack_pending);
}

struct StreamConfig {
  std::string name, description;
  std::vector<std::string> subjects;
  Retention retention = Retention::kLimits;
  std::int64_t max_consumers = 0, max_messages = 0, max_bytes = 0;
  Duration max_age{};
  std::int64_t max_messages_per_subject = 0;
  std::int64_t max_message_size = 0;
  Discard discard = Discard::kOld;
  Storage storage = Storage::kFile;
  std::int64_t replicas = 0;
  bool no_ack = false;
  Duration duplicate_window{};
  std::optional<Placement> placement;
  std::optional<SourceConfig> mirror;
  std::vector<SourceConfig> sources;
  Compression compression = Compression::kNone;
  std::uint64_t first_sequence = 0;
  std::optional<TransformConfig> transform;
  std::optional<RepublishConfig> republish;
  bool allow_direct = false, mirror_direct = false;
  bool discard_new_per_subject = false;
  bool sealed = false, deny_delete = false, deny_purge = false, allow_rollup = false;
  ConsumerLimitsConfig consumer_limits;
  bool allow_msg_ttl = false;
  Duration subject_delete_marker_ttl{};
  bool allow_counter = false, allow_atomic = false, allow_schedules = false;
  PersistMode persist_mode = PersistMode::kDefault;
  bool allow_batched = false;
  StringMap metadata;
  bool operator==(const StreamConfig&) const = default;
};
template <class Visitor>
void describe(Visitor& v, StreamConfig& c) {
  v.name("StreamConfig").field("name", c.name).unless_empty("description", c.description);
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
  v.field("allow_msg_ttl", c.allow_msg_ttl);
  v.unless_empty("subject_delete_marker_ttl", c.subject_delete_marker_ttl);
  v.unless_empty("allow_msg_counter", c.allow_counter).unless_empty("allow_atomic", c.allow_atomic);
  v.unless_empty("allow_msg_schedules", c.allow_schedules);
  v.unless_empty("persist_mode", c.persist_mode).unless_empty("allow_batched", c.allow_batched);
  v.unless_empty("metadata", c.metadata);
}

}  // namespace midge::jetstream
