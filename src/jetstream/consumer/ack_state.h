// What a consumer delivered and what came back for it: positions, pending messages, those to be
// delivered again. Pure: times come with the calls; a table test drives it.
//
// Pending messages lie in the order of their stream sequence, in which they are first delivered, so
// that a lookup is a binary search. Acknowledged ones stay in the array until they are at its front
// or are half of it. Deadlines are a heap, whose entries may be out of date.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "jetstream/consumer/fifo.h"
#include "store/ids.h"

namespace midge::jetstream {

using store::Sequence;
using ConsumerSequence = store::SequenceOf<struct ConsumerSequenceTag>;  // counts deliveries

struct Positions {
  ConsumerSequence consumer;
  Sequence stream;
  bool operator==(const Positions&) const = default;
};

struct PendingMessage {
  Sequence stream;
  ConsumerSequence consumer;  // of the first delivery
  WallTime delivered{};       // the last time
  WallTime deadline{};        // when it is to be delivered again; kNever: not by itself
  std::uint32_t deliveries = 0;
  enum class State : std::uint8_t { kPending, kToRedeliver, kDone } state = State::kPending;
};

class AckState {
 public:
  static constexpr WallTime kNever{INT64_MAX};

  // Begins behind `last`: that much of the stream is not for this consumer.
  void start_after(Sequence last) { delivered_.stream = floor_.stream = last; }

  [[nodiscard]] const Positions& delivered() const { return delivered_; }
  [[nodiscard]] const Positions& floor() const { return floor_; }
  [[nodiscard]] std::size_t pending() const { return pending_; }
  // Pending messages that were delivered more than once.
  [[nodiscard]] std::size_t redelivered() const { return redelivered_; }
  [[nodiscard]] bool has_redeliveries() const { return !redeliveries_.empty(); }

  // A first delivery; `sequence` is beyond all before. `tracked`: an acknowledgement is awaited.
  ConsumerSequence deliver(Sequence sequence, WallTime now, WallTime deadline, bool tracked);
  // First deliveries up to there, of which no acknowledgement is awaited.
  void pass(const Positions& to) {
    delivered_ = to;
    if (messages_.empty()) floor_ = to;
  }
  // The next message to deliver again; it stays in line until redeliver() or drop().
  std::optional<Sequence> next_redelivery();
  // Its pending entry with the new delivery counted.
  const PendingMessage& redeliver(Sequence sequence, WallTime now, WallTime deadline);
  // Null: not pending (any more).
  [[nodiscard]] const PendingMessage* find(Sequence sequence) const;

  // All three return whether something changed.
  bool ack(Sequence sequence);
  bool ack_all(Sequence up_to);
  // It will never be delivered again, nor acknowledged: its stream has lost it.
  bool drop(Sequence sequence) { return ack(sequence); }
  // To be delivered again at `at`.
  bool postpone(Sequence sequence, WallTime at);
  // In line to be delivered again now.
  bool request_redelivery(Sequence sequence);
  // Puts those whose deadline has passed in line; returns the earliest deadline left, or kNever.
  WallTime expire(WallTime now);
  // Forgets what is pending, counts from the beginning and goes on behind `last`.
  void reset(Sequence last);
  // Gives up waiting for this one but counts it as pending no longer (max_deliver reached).
  bool give_up(Sequence sequence) { return ack(sequence); }

  template <class Visit>
  void for_each_pending(Visit&& visit) const {
    for (const PendingMessage& message : messages_)
      if (message.state != PendingMessage::State::kDone) visit(message);
  }
  // For recovery: in the order of stream sequences.
  void restore(Positions delivered, Positions floor) {
    delivered_ = delivered;
    floor_ = floor;
  }
  void restore(const PendingMessage& message);

 private:
  struct Deadline {
    WallTime at;
    Sequence sequence;
    // For a heap whose front is the earliest, of those the lowest sequence.
    bool operator<(const Deadline& other) const {
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };
  PendingMessage* entry(Sequence sequence);
  void finish(PendingMessage& message);
  void advance_floor();
  void note_deadline(const PendingMessage& message);

  Positions delivered_, floor_;
  Fifo<PendingMessage> messages_;
  Fifo<Sequence> redeliveries_;  // may hold some that are done meanwhile
  std::vector<Deadline> deadlines_;
  std::size_t pending_ = 0, redelivered_ = 0;
};

}  // namespace midge::jetstream
