// What a stream is to be, and what the server tells of it. Zero, "" and an empty optional leave the
// choice to the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#pragma GCC visibility push(default)

namespace midge {

// Wall-clock time as JetStream has it. The epoch itself means none.
using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::nanoseconds>;
using Metadata = std::map<std::string, std::string>;

// How long messages stay: until limits are met, while consumers want them, or until one has
// acknowledged them.
enum class Retention : std::uint8_t { kLimits, kInterest, kWorkQueue };
// What gives way at a limit: old messages, or the new one, whose publisher is told.
enum class Discard : std::uint8_t { kOld, kNew };
// Where messages lie.
enum class Storage : std::uint8_t { kFile, kMemory };
// How they lie there.
enum class Compression : std::uint8_t { kNone, kS2 };
// When a message counts as stored: `kAsync`: before it is on disk.
enum class PersistMode : std::uint8_t { kDefault, kAsync };

// Which servers may keep it.
struct Placement {
  std::string cluster;
  std::vector<std::string> tags;
  std::string preferred;  // leader, of requests to step down
};

// Subjects that match `source` become `destination`, which may name its wildcards:
// `{{wildcard(1)}}`.
struct SubjectTransform {
  std::string source, destination;
};

// A stream of another account or domain.
struct ExternalStream {
  std::string api;      // prefix: `$JS.hub.API`
  std::string deliver;  // prefix of subjects for its messages
};

// A consumer that is there already, for a source to use.
struct SourceConsumer {
  std::string name, deliver_subject;
};

// Where a mirror or a sourcing stream gets its messages.
struct StreamSource {
  std::string name;
  std::uint64_t start_sequence = 0;
  std::optional<Time> start_time;
  std::string filter_subject;
  std::vector<SubjectTransform> transforms;
  std::optional<ExternalStream> external;
  std::optional<SourceConsumer> consumer;
};

// Stored messages are published again under another subject.
struct Republish {
  std::string source;  // "" = all subjects
  std::string destination;
  bool headers_only = false;
};

// Defaults and bounds for the stream's consumers.
struct ConsumerLimits {
  std::chrono::nanoseconds inactive_threshold{};
  std::int64_t max_ack_pending = 0;
};

// What a stream is to be. Sizes are bytes.
struct StreamConfig {
  std::string name, description;
  std::vector<std::string> subjects;  // none, and no mirror and no sources: the name
  Retention retention = Retention::kLimits;
  std::int64_t max_consumers = 0;  // this and the other numbers: < 1 = no limit
  std::int64_t max_messages = 0;
  std::int64_t max_bytes = 0;
  std::chrono::nanoseconds max_age{};
  std::int64_t max_messages_per_subject = 0;
  std::int64_t max_message_size = 0;
  Discard discard = Discard::kOld;
  Storage storage = Storage::kFile;
  std::int64_t replicas = 0;
  bool no_ack = false;  // publishers get no PubAck
  std::chrono::nanoseconds duplicate_window{};
  std::optional<Placement> placement;
  std::optional<StreamSource> mirror;
  std::vector<StreamSource> sources;
  Compression compression = Compression::kNone;
  std::uint64_t first_sequence = 0;
  std::optional<SubjectTransform> transform;
  std::optional<Republish> republish;
  bool allow_direct = false;
  bool mirror_direct = false;
  bool discard_new_per_subject = false;
  bool sealed = false;
  bool deny_delete = false, deny_purge = false;
  bool allow_rollup = false;
  ConsumerLimits consumer_limits;
  bool allow_message_ttl = false;
  std::chrono::nanoseconds subject_delete_marker_ttl{};
  bool allow_counter = false;
  bool allow_atomic = false;     // batches that are stored whole or not
  bool allow_schedules = false;  // messages that are published later
  PersistMode persist_mode = PersistMode::kDefault;
  bool allow_batched = false;  // fast batches
  Metadata metadata;
};

// What the server could not read any more: sequences, and their bytes.
struct LostMessages {
  std::vector<std::uint64_t> messages;
  std::uint64_t bytes = 0;
};

// What lies in a stream.
struct StreamState {
  std::uint64_t messages = 0, bytes = 0;
  std::uint64_t first_sequence = 0, last_sequence = 0;
  Time first_time{}, last_time{};
  std::uint64_t subject_count = 0;
  std::map<std::string, std::uint64_t> subjects;  // with their messages, if asked for
  std::uint64_t deleted_count = 0;
  std::vector<std::uint64_t> deleted;  // if asked for
  std::optional<LostMessages> lost;
  std::int64_t consumers = 0;
};

// A server that keeps a copy. `active`: since it was last heard of; `lag`: what it lacks, in
// entries.
struct PeerInfo {
  std::string name;
  bool current = false, offline = false;
  std::chrono::nanoseconds active{};
  std::uint64_t lag = 0;
};

// Which servers keep a stream or a consumer, and which one leads.
struct ClusterInfo {
  std::string name, raft_group, leader;
  std::vector<PeerInfo> replicas;
};

// As the server tells it of a mirror or a source.
struct SourceInfo {
  std::string name, filter_subject;
  std::vector<SubjectTransform> transforms;
  std::optional<ExternalStream> external;
  std::uint64_t lag = 0;
  std::chrono::nanoseconds active{-1};  // since it was last heard of; < 0 = never
  std::string error;
};

// A stream as its server tells of it.
struct StreamInfo {
  StreamConfig config;
  Time created{};
  StreamState state;
  std::string domain;
  std::optional<ClusterInfo> cluster;
  std::optional<SourceInfo> mirror;
  std::vector<SourceInfo> sources;
  Time time{};  // of the answer
};

}  // namespace midge

#pragma GCC visibility pop
