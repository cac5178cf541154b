#include "jetstream/consumer/ack_state.h"

#include <algorithm>

#include "base/check.h"

namespace midge::jetstream {
namespace {

// Entries that are out of date are left where they are up to this number.
constexpr std::size_t kSlack = 64;

}  // namespace

using State = PendingMessage::State;

ConsumerSequence AckState::deliver(Sequence sequence, WallTime now, WallTime deadline,
                                   bool tracked) {
  DCHECK(sequence > delivered_.stream, "first deliveries go forward");
  delivered_.stream = sequence;
  ++delivered_.consumer;
  if (tracked) {
    messages_.push_back({sequence, delivered_.consumer, now, deadline, 1, State::kPending});
    ++pending_;
    note_deadline(*std::prev(messages_.end()));
  } else if (messages_.empty()) {
    floor_ = delivered_;
  }
  return delivered_.consumer;
}

void AckState::note_deadline(const PendingMessage& message) {
  if (message.deadline == kNever) return;
  deadlines_.push_back({message.deadline, message.stream});
  std::push_heap(deadlines_.begin(), deadlines_.end());
  if (deadlines_.size() <= 2 * pending_ + kSlack) return;
  deadlines_.clear();
  for (const PendingMessage& each : messages_)
    if (each.state == State::kPending && each.deadline != kNever)
      deadlines_.push_back({each.deadline, each.stream});
  std::make_heap(deadlines_.begin(), deadlines_.end());
  if (deadlines_.capacity() > 4 * (deadlines_.size() + kSlack)) deadlines_.shrink_to_fit();
}

PendingMessage* AckState::entry(Sequence sequence) {
  const auto found = std::ranges::lower_bound(messages_, sequence, {}, &PendingMessage::stream);
  if (found == messages_.end() || found->stream != sequence || found->state == State::kDone)
    return nullptr;
  return &*found;
}

const PendingMessage* AckState::find(Sequence sequence) const {
  return const_cast<AckState*>(this)->entry(sequence);
}

std::optional<Sequence> AckState::next_redelivery() {
  while (!redeliveries_.empty()) {
    const PendingMessage* message = find(redeliveries_.front());
    if (message != nullptr && message->state == State::kToRedeliver) return message->stream;
    redeliveries_.pop_front();
  }
  return std::nullopt;
}

const PendingMessage& AckState::redeliver(Sequence sequence, WallTime now, WallTime deadline) {
  PendingMessage* message = entry(sequence);
  ENSURE(message != nullptr, "only pending messages are delivered again");
  if (!redeliveries_.empty() && redeliveries_.front() == sequence) redeliveries_.pop_front();
  ++delivered_.consumer;
  if (++message->deliveries == 2) ++redelivered_;
  message->delivered = now;
  message->deadline = deadline;
  message->state = State::kPending;
  note_deadline(*message);
  return *message;
}

void AckState::finish(PendingMessage& message) {
  message.state = State::kDone;
  --pending_;
  if (message.deliveries > 1) --redelivered_;
}

bool AckState::ack(Sequence sequence) {
  PendingMessage* message = entry(sequence);
  if (message == nullptr) return false;
  finish(*message);
  advance_floor();
  return true;
}

bool AckState::ack_all(Sequence up_to) {
  bool any = false;
  for (PendingMessage& message : messages_) {
    if (message.stream > up_to) break;
    if (message.state == State::kDone) continue;
    finish(message);
    any = true;
  }
  if (any) advance_floor();
  return any;
}

void AckState::advance_floor() {
  if (pending_ == 0) {
    messages_.clear();
    redeliveries_.clear();
    deadlines_.clear();
    floor_ = delivered_;
    return;
  }
  while (messages_.front().state == State::kDone) messages_.pop_front();
  if (messages_.size() > 2 * pending_ + kSlack)
    messages_.erase_if([](const PendingMessage& message) { return message.state == State::kDone; });
  floor_ = {messages_.front().consumer - 1, messages_.front().stream - 1};
}

bool AckState::postpone(Sequence sequence, WallTime at) {
  PendingMessage* message = entry(sequence);
  if (message == nullptr) return false;
  message->deadline = at;
  message->state = State::kPending;
  note_deadline(*message);
  return true;
}

bool AckState::request_redelivery(Sequence sequence) {
  PendingMessage* message = entry(sequence);
  if (message == nullptr || message->state == State::kToRedeliver) return false;
  message->state = State::kToRedeliver;
  redeliveries_.push_back(sequence);
  return true;
}

WallTime AckState::expire(WallTime now) {
  while (!deadlines_.empty()) {
    const Deadline next = deadlines_.front();
    PendingMessage* message = entry(next.sequence);
    const bool holds =
        message != nullptr && message->state == State::kPending && message->deadline == next.at;
    if (holds && next.at > now) return next.at;
    std::pop_heap(deadlines_.begin(), deadlines_.end());
    deadlines_.pop_back();
    if (!holds) continue;
    message->state = State::kToRedeliver;
    redeliveries_.push_back(next.sequence);
  }
  return kNever;
}

void AckState::reset(Sequence last) {
  messages_.clear();
  redeliveries_.clear();
  deadlines_.clear();
  pending_ = redelivered_ = 0;
  delivered_ = floor_ = {{}, last};
}

void AckState::restore(const PendingMessage& message) {
  messages_.push_back(message);
  ++pending_;
  if (message.deliveries > 1) ++redelivered_;
  if (message.state == State::kToRedeliver)
    redeliveries_.push_back(message.stream);
  else
    note_deadline(message);
}

}  // namespace midge::jetstream
