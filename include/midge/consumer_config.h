// What a consumer is to be, and what the server tells of it. Zero, "" and an empty optional leave
// the choice to the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "midge/stream_config.h"

#pragma GCC visibility push(default)

namespace midge {

// Where in the stream it begins.
enum class DeliverPolicy : std::uint8_t {
  kAll,              // from the first message on
  kLast,             // from the last one on
  kNew,              // what comes from now on
  kByStartSequence,  // from `start_sequence` on
  kByStartTime,      // from `start_time` on
  kLastPerSubject,   // the last of each subject, then what comes
};
// What acknowledges a message: nothing, one for all before it, or its own. `kFlowControl`: of
// sources.
enum class AckPolicy : std::uint8_t { kNone, kAll, kExplicit, kFlowControl };
// At once, or at the pace at which the messages were published.
enum class ReplayPolicy : std::uint8_t { kInstant, kOriginal };
// How a consumer chooses among those who ask.
enum class PriorityPolicy : std::uint8_t { kNone, kOverflow, kPinnedClient, kPrioritized };

// Where messages go that a consumer gives up; servers that do not know it ignore it.
struct DeadLetter {
  std::string subject;  // it has to be of a stream, for anything to be kept
};

// What a consumer is to be.
struct ConsumerConfig {
  std::string name;          // "" = the durable name, or one that the client makes up
  std::string durable_name;  // "" = it goes when nobody uses it, after 5 s if nothing is set
  std::string description;
  DeliverPolicy deliver_policy = DeliverPolicy::kAll;
  std::uint64_t start_sequence = 0;  // with kByStartSequence
  std::optional<Time> start_time;    // with kByStartTime
  AckPolicy ack_policy = AckPolicy::kExplicit;
  std::chrono::nanoseconds ack_wait{};  // without an answer for so long: delivered again; 0 = 30 s
  std::int64_t max_deliver = 0;         // < 1 = no limit
  std::vector<std::chrono::nanoseconds> backoff;  // in place of `ack_wait`: of each delivery
  std::string filter_subject;                     // only messages of it; "" = all
  std::vector<std::string> filter_subjects;       // or these
  ReplayPolicy replay_policy = ReplayPolicy::kInstant;
  std::uint64_t rate_limit_bps = 0;  // bits
  std::string sample_frequency;      // `50%`
  std::int64_t max_waiting = 0;      // pulls
  std::int64_t max_ack_pending = 0;  // delivered and not acknowledged; 0 = 1000, < 0 = no limit
  bool flow_control = false, headers_only = false;
  std::int64_t max_batch = 0;  // of a pull; so are the next two
  std::chrono::nanoseconds max_expires{};
  std::int64_t max_bytes = 0;
  std::string deliver_subject, deliver_group;     // of push consumers
  std::chrono::nanoseconds idle_heartbeat{};      // of push consumers; 0 = none
  std::chrono::nanoseconds inactive_threshold{};  // unused for so long, it goes; 0 = see the name
  std::int64_t replicas = 0;                      // 0 = as many as the stream has
  bool memory_storage = false, direct = false, sourcing = false;
  Metadata metadata;
  std::optional<Time> pause_until;           // delivers nothing before
  std::vector<std::string> priority_groups;  // one, at present
  PriorityPolicy priority_policy = PriorityPolicy::kNone;
  std::chrono::nanoseconds priority_timeout{};  // after which a silent client is no longer pinned
  std::optional<DeadLetter> dead_letter;
};

// How far a consumer is: by its own count, and in its stream.
struct SequencePair {
  std::uint64_t consumer = 0, stream = 0;
  std::optional<Time> last_active;
};

// Who is pinned in a group, and since when.
struct PriorityGroupInfo {
  std::string group, pinned_client_id;
  Time pinned_time{};
};

// A consumer as its server tells of it.
struct ConsumerInfo {
  std::string stream, name;
  Time created{};
  ConsumerConfig config;
  SequencePair delivered, ack_floor;  // the last one; the last before which all are acknowledged
  std::int64_t ack_pending = 0, redelivered = 0, waiting = 0;  // messages; messages; pulls
  std::uint64_t pending = 0;                                   // messages still to come
  std::optional<ClusterInfo> cluster;
  bool push_bound = false, paused = false;
  std::chrono::nanoseconds pause_remaining{};
  Time time{};  // of the answer
  std::vector<PriorityGroupInfo> priority_groups;
};

}  // namespace midge

#pragma GCC visibility pop
