// What a consumer's state changed by: the increments that the journal keeps (kind 26), and how a
// state is built from them after a restart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jetstream/consumer/ack_state.h"

namespace midge::jetstream {

struct ConsumerStep {
  enum class Kind : std::uint8_t {
    kBegin = 1,      // looks for messages from `stream` on; what it has had is forgotten;
                     // `consumer` is the snapshot of last_per_subject (a sequence of the stream)
    kDelivered = 2,  // for the first time
    kDeliveredUntracked = 3,  // the same; no acknowledgement is awaited
    kRedelivered = 4,
    kAcked = 5,
    kAckedAll = 6,  // up to `stream`
  } kind = Kind::kBegin;
  Sequence stream;
  ConsumerSequence consumer;
  WallTime time{};

  // Appends it to a record's body.
  void encode(std::string& into) const;
  // Takes one off the front. Errors: malformed.
  static Result<ConsumerStep> decode(std::string_view& body);
};

// Where a consumer goes on after a restart.
struct ConsumerProgress {
  AckState acks;
  Sequence next{1};
  Sequence began_at;  // of the last kBegin; zero: it never began
  Sequence snapshot;  // last_per_subject: it began with what was there up to here

  void apply(const ConsumerStep& step);
};

}  // namespace midge::jetstream
