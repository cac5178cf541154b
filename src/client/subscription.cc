#include "client/subscription.h"

#include <utility>

#include "client/connection.h"
#include "client/message_block.h"
#include "client/patience.h"

namespace midge {
namespace detail {

std::size_t size_of(const MessageBlock& block) {
  return block.subject.size() + block.reply.size() + block.headers.size() + block.data.size();
}

Inbox::Put Inbox::put(Message message, std::size_t bytes) {
  const io::Monitor::Lock lock(monitor_);
  if (ended_) return Put::kDropped;
  const auto is_full = [&] {
    return waiting_.size() >= messages_max_ || bytes_ + bytes > bytes_max_;
  };
  if (is_full() && overflow_ == Overflow::kUnsubscribe) return ++dropped_, Put::kFull;
  Put put = Put::kTaken;
  while (is_full()) {
    ++dropped_;
    put = Put::kDropped;
    if (overflow_ == Overflow::kDropNewest || waiting_.empty()) return put;
    bytes_ -= size_of(*MessageBlock::of(waiting_.front()));
    waiting_.pop_front();
  }
  bytes_ += bytes;
  waiting_.push_back(std::move(message));
  if (awaited_) monitor_.tell();
  return put;
}

void Inbox::end() {
  const io::Monitor::Lock lock(monitor_);
  ended_ = true;
  monitor_.tell();
}

void Inbox::clear() {
  const io::Monitor::Lock lock(monitor_);
  waiting_.clear();
  bytes_ = 0;
}

Result<Message> Inbox::take(const Deadline& deadline, bool may_wait) {
  Patience patience(monitor_, deadline);
  io::Monitor::Lock lock(monitor_);
  while (waiting_.empty()) {
    if (ended_) return failure("the subscription has ended", ErrorCode::kClosed);
    if (deadline.timeout.count() > 0 && !may_wait) return waits_for_itself();
    awaited_ = true;
    const bool goes_on = patience.wait(lock);
    awaited_ = false;
    if (!goes_on && waiting_.empty()) return patience.error();
  }
  Message message = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ -= size_of(*MessageBlock::of(message));
  ++taken_;
  return message;
}

void Inbox::add_to(midge::Subscription::Figures& figures) {
  const io::Monitor::Lock lock(monitor_);
  figures.delivered = taken_;
  figures.dropped = dropped_;
  figures.pending_messages = waiting_.size();
  figures.pending_bytes = bytes_;
}

Subscription::Subscription(std::weak_ptr<Connection> connection, std::uint64_t sid,
                           std::string subject, SubscribeOptions options, Callback callback)
    : connection(std::move(connection)),
      sid(sid),
      subject(std::move(subject)),
      queue(options.queue.empty() ? nullptr
                                  : std::make_unique<const std::string>(std::move(options.queue))),
      callback(std::move(callback)),
      inbox(this->callback ? nullptr
                           : std::make_unique<Inbox>(options.pending_messages_max,
                                                     options.pending_bytes_max, options.overflow)),
      max(options.max) {}

void Subscription::end() {
  ended = true;
  if (inbox) inbox->end();
}

}  // namespace detail

namespace {

std::unexpected<Error> no_subscription() {
  return failure("there is no such subscription", ErrorCode::kClosed);
}

}  // namespace

Result<Message> Subscription::next(Deadline deadline) {
  if (!state_) return no_subscription();
  if (!state_->inbox)
    return failure("the messages of this subscription go to its callback", ErrorCode::kInvalid);
  const auto connection = state_->connection.lock();
  return state_->inbox->take(deadline, !connection || connection->may_wait());
}

Result<void> Subscription::unsubscribe() {
  const auto connection = state_ ? state_->connection.lock() : nullptr;
  if (!connection || state_->ended) return no_subscription();
  connection->unsubscribe(state_);
  if (state_->inbox) state_->inbox->clear();
  return {};
}

Result<void> Subscription::unsubscribe_after(std::uint64_t max) {
  const auto connection = state_ ? state_->connection.lock() : nullptr;
  if (!connection || state_->ended) return no_subscription();
  if (max == 0) return unsubscribe();
  connection->unsubscribe_after(state_, max);
  return {};
}

Result<void> Subscription::drain(Deadline deadline) {
  const auto connection = state_ ? state_->connection.lock() : nullptr;
  if (!connection || state_->ended) return no_subscription();
  return connection->drain(state_, deadline);
}

const std::string& Subscription::subject() const {
  static const std::string kNone;
  return state_ ? state_->subject : kNone;
}

const std::string& Subscription::queue() const {
  static const std::string kNone;
  return state_ && state_->queue ? *state_->queue : kNone;
}

bool Subscription::active() const { return state_ && !state_->ended; }

Subscription::Figures Subscription::figures() const {
  Figures figures;
  if (!state_) return figures;
  figures.delivered = state_->received;
  if (state_->inbox) state_->inbox->add_to(figures);
  return figures;
}

}  // namespace midge
