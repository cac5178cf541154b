// What a consumer's state changed by: the increments that the journal keeps (kind 26), and how a
// state is built from them after a restart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jetstream/consumer/ack_state.h"
#include "jetstream/consumer/dead_letter.h"

namespace midge::jetstream {

struct ConsumerStep {
  enum class Kind : std::uint8_t {
    kBegin = 1,      // looks for messages from `stream` on; what it has had is forgotten;
                     // `consumer` is the snapshot of last_per_subject (a sequence of the stream)
    kDelivered = 2,  // for the first time
    kDeliveredUntracked = 3,  // the same, and no acknowledgement is awaited; perhaps others before
    kRedelivered = 4,
    kAcked = 5,
    kAckedAll = 6,  // up to `stream`
    kGivenUp = 7,   // pending no more, a dead letter; `consumer`: deliveries · 256 + reason
    kBuried = 8,    // the dead letter is stored
  } kind = Kind::kBegin;
  Sequence stream;
  ConsumerSequence consumer;
  WallTime time{};
  std::string_view text;  // kGivenUp: of a +TERM; up to 65,535 bytes

  static ConsumerStep given_up(const DeadLetter& letter);
  // Appends it to a record's body.
  void encode(std::string& into) const;
  // Takes one off the front; its text is a view of it. Errors: malformed.
  static Result<ConsumerStep> decode(std::string_view& body);
};

// Where a consumer goes on after a restart.
struct ConsumerProgress {
  AckState acks;
  Sequence next{1};
  Sequence began_at;                // of the last kBegin; zero: it never began
  Sequence snapshot;                // last_per_subject: it began with what was there up to here
  std::vector<DeadLetter> letters;  // not stored yet

  void apply(const ConsumerStep& step);

  // Appends the whole state, for a checkpoint.
  void encode(std::string& into) const;
  // Errors: malformed.
  static Result<ConsumerProgress> decode(std::string_view body);
};

}  // namespace midge::jetstream
