#include "jetstream/consumer/ack_state.h"

#include <algorithm>

#include "base/check.h"

namespace midge::jetstream {

using State = PendingMessage::State;

ConsumerSequence AckState::deliver(Sequence sequence, WallTime now, WallTime deadline,
                                   bool tracked) {
  DCHECK(sequence > delivered_.stream, "first deliveries go forward");
  delivered_.stream = sequence;
  ++delivered_.consumer;
  if (tracked) {
    messages_.push_back({sequence, delivered_.consumer, now, deadline, 1, State::kPending});
    ++pending_;
  } else {
    floor_ = delivered_;
  }
  return delivered_.consumer;
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
  message->consumer = delivered_.consumer;
  message->delivered = now;
  message->deadline = deadline;
  message->state = State::kPending;
  return *message;
}

bool AckState::ack(Sequence sequence) {
  PendingMessage* message = entry(sequence);
  if (message == nullptr) return false;
  message->state = State::kDone;
  --pending_;
  if (message->deliveries > 1) --redelivered_;
  advance_floor();
  return true;
}

bool AckState::ack_all(Sequence up_to) {
  bool any = false;
  for (PendingMessage& message : messages_) {
    if (message.stream > up_to) break;
    if (message.state == State::kDone) continue;
    message.state = State::kDone;
    --pending_;
    if (message.deliveries > 1) --redelivered_;
    any = true;
  }
  if (any) advance_floor();
  return any;
}

void AckState::advance_floor() {
  while (!messages_.empty() && messages_.front().state == State::kDone) {
    floor_ = {std::max(floor_.consumer, messages_.front().consumer), messages_.front().stream};
    messages_.pop_front();
  }
  if (messages_.empty()) {
    floor_ = delivered_;
    redeliveries_.clear();
  } else {
    floor_.stream = messages_.front().stream - 1;
  }
}

bool AckState::postpone(Sequence sequence, WallTime at) {
  PendingMessage* message = entry(sequence);
  if (message == nullptr) return false;
  message->deadline = at;
  message->state = State::kPending;
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
  WallTime earliest = kNever;
  for (PendingMessage& message : messages_) {
    if (message.state != State::kPending) continue;
    if (message.deadline <= now) {
      message.state = State::kToRedeliver;
      redeliveries_.push_back(message.stream);
    } else {
      earliest = std::min(earliest, message.deadline);
    }
  }
  return earliest;
}

void AckState::reset(Sequence last) {
  messages_.clear();
  redeliveries_.clear();
  pending_ = redelivered_ = 0;
  delivered_ = floor_ = {{}, last};
}

void AckState::restore(const PendingMessage& message) {
  messages_.push_back(message);
  ++pending_;
  if (message.deliveries > 1) ++redelivered_;
  if (message.state == State::kToRedeliver) redeliveries_.push_back(message.stream);
}

}  // namespace midge::jetstream
