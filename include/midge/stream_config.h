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
  std::string cluster;            // "" = any
  std::vector<std::string> tags;  // which the servers all have
  std::string preferred;          // leader, of requests to step down
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
  std::uint64_t start_sequence = 0;          // of the first message taken; 0 = the first
  std::optional<Time> start_time;            // or the first from then on
  std::string filter_subject;                // only messages of it; "" = all
  std::vector<SubjectTransform> transforms;  // in place of the filter
  std::optional<ExternalStream> external;    // where it lies; none = in this account
  std::optional<SourceConsumer> consumer;    // none = the server makes one
};

// Stored messages are published again under another subject.
struct Republish {
  std::string source;  // "" = all subjects
  std::string destination;
  bool headers_only = false;  // without the data
};

// Defaults and bounds for the stream's consumers.
struct ConsumerLimits {
  std::chrono::nanoseconds inactive_threshold{};  // of consumers that say nothing of it
  std::int64_t max_ack_pending = 0;               // at most; 0 = no limit
};

// What a stream is to be. Sizes are bytes.
struct StreamConfig {
  std::string name, description;
  std::vector<std::string> subjects;  // none, and no mirror and no sources: the name
  Retention retention = Retention::kLimits;
  std::int64_t max_consumers = 0;             // this and the other numbers: < 1 = no limit
  std::int64_t max_messages = 0;              // in the stream
  std::int64_t max_bytes = 0;                 // in the stream
  std::chrono::nanoseconds max_age{};         // then a message goes; 0 = never
  std::int64_t max_messages_per_subject = 0;  // kept of each
  std::int64_t max_message_size = 0;          // with headers; bytes
  Discard discard = Discard::kOld;
  Storage storage = Storage::kFile;
  std::int64_t replicas = 0;
  bool no_ack = false;                          // publishers get no PubAck
  std::chrono::nanoseconds duplicate_window{};  // in which an id counts; 0 = 2 minutes
  std::optional<Placement> placement;
  std::optional<StreamSource> mirror;  // it is a copy of that one, and has no subjects
  std::vector<StreamSource> sources;   // streams whose messages it takes in
  Compression compression = Compression::kNone;
  std::uint64_t first_sequence = 0;           // of the first message; 0 = 1
  std::optional<SubjectTransform> transform;  // of messages as they come in
  std::optional<Republish> republish;         // of messages as they are stored
  bool allow_direct = false;   // messages may be read past the API, from any server that has them
  bool mirror_direct = false;  // so from its mirrors
  bool discard_new_per_subject = false;          // kNew also where a subject is full
  bool sealed = false;                           // nothing changes any more
  bool deny_delete = false, deny_purge = false;  // through the API
  bool allow_rollup = false;  // a message may replace those before it (Nats-Rollup)
  ConsumerLimits consumer_limits;
  bool allow_message_ttl = false;  // messages may say how long they stay (Nats-TTL)
  std::chrono::nanoseconds subject_delete_marker_ttl{};  // of the marker where age takes all
  bool allow_counter = false;                            // messages are increments (Nats-Incr)
  bool allow_atomic = false;                             // batches that are stored whole or not
  bool allow_schedules = false;                          // messages that are published later
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
  std::uint64_t subject_count = 0;                // different ones
  std::map<std::string, std::uint64_t> subjects;  // with their messages, if asked for
  std::uint64_t deleted_count = 0;  // sequences between the first and the last that have no message
  std::vector<std::uint64_t> deleted;  // if asked for
  std::optional<LostMessages> lost;    // by a damaged disk
  std::int64_t consumers = 0;
};

// A server that keeps a copy. `active`: since it was last heard of; `lag`: what it lacks, in
// entries.
struct PeerInfo {
  std::string name;
  bool current = false, offline = false;  // has everything; is not there
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
  std::uint64_t lag = 0;                // messages still to come
  std::chrono::nanoseconds active{-1};  // since it was last heard of; < 0 = never
  std::string error;                    // why nothing comes; "" = it does
};

// Where the same messages lie as well: the stream of a mirror, or the one it mirrors. Near ones
// come first.
struct StreamAlternate {
  std::string name, domain, cluster;
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
  std::vector<StreamAlternate> alternates;  // none = it is the only one
  Time time{};                              // of the answer
};

}  // namespace midge

#pragma GCC visibility pop
