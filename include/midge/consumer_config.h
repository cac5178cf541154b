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
  kAll,
  kLast,
  kNew,
  kByStartSequence,
  kByStartTime,
  kLastPerSubject,
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
  std::string subject;
};

// What a consumer is to be.
struct ConsumerConfig {
  std::string name;          // "" = the durable name, or one that the client makes up
  std::string durable_name;  // "" = it goes when nobody uses it (inactive_threshold)
  std::string description;
  DeliverPolicy deliver_policy = DeliverPolicy::kAll;
  std::uint64_t start_sequence = 0;
  std::optional<Time> start_time;
  AckPolicy ack_policy = AckPolicy::kExplicit;
  std::chrono::nanoseconds ack_wait{};
  std::int64_t max_deliver = 0;  // < 1 = no limit
  std::vector<std::chrono::nanoseconds> backoff;
  std::string filter_subject;
  std::vector<std::string> filter_subjects;  // or these
  ReplayPolicy replay_policy = ReplayPolicy::kInstant;
  std::uint64_t rate_limit_bps = 0;  // bits
  std::string sample_frequency;      // `50%`
  std::int64_t max_waiting = 0;      // pulls
  std::int64_t max_ack_pending = 0;
  bool flow_control = false, headers_only = false;
  std::int64_t max_batch = 0;  // of a pull; so are the next two
  std::chrono::nanoseconds max_expires{};
  std::int64_t max_bytes = 0;
  std::string deliver_subject, deliver_group;  // of push consumers
  std::chrono::nanoseconds idle_heartbeat{};
  std::chrono::nanoseconds inactive_threshold{};
  std::int64_t replicas = 0;
  bool memory_storage = false, direct = false, sourcing = false;
  Metadata metadata;
  std::optional<Time> pause_until;
  std::vector<std::string> priority_groups;
  PriorityPolicy priority_policy = PriorityPolicy::kNone;
  std::chrono::nanoseconds priority_timeout{};
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
  SequencePair delivered, ack_floor;
  std::int64_t ack_pending = 0, redelivered = 0, waiting = 0;
  std::uint64_t pending = 0;  // messages still to come
  std::optional<ClusterInfo> cluster;
  bool push_bound = false, paused = false;
  std::chrono::nanoseconds pause_remaining{};
  Time time{};  // of the answer
  std::vector<PriorityGroupInfo> priority_groups;
};

}  // namespace midge

#pragma GCC visibility pop
