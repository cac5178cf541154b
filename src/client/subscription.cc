#include "client/subscription.h"

#include <utility>

#include "client/async_call.h"
#include "client/connection.h"
#include "client/message_block.h"
#include "client/patience.h"

namespace midge {
namespace detail {

std::size_t size_of(const MessageBlock& block) {
  return block.subject.size() + block.reply.size() + block.headers.size() + block.data.size();
}

Inbox::Put Inbox::put(Message message, std::size_t bytes) {
  std::unique_ptr<Watchers> watchers;
  io::Monitor::Lock lock(monitor_);
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
  if (awaiting_ > 0 && is_enough(waiting_.back())) monitor_.tell();
  if (watchers_) {
    watchers = std::move(watchers_);
    lock.unlock();
    tell(watchers);
  }
  return put;
}

void Inbox::end() {
  io::Monitor::Lock lock(monitor_);
  ended_ = true;
  monitor_.tell();
  const std::unique_ptr<Watchers> watchers = std::move(watchers_);
  lock.unlock();
  tell(watchers);
}

void Inbox::set_fault(std::optional<Error> fault) {
  io::Monitor::Lock lock(monitor_);
  fault_ = fault ? std::make_unique<const Error>(*std::move(fault)) : nullptr;
  if (!fault_) return;
  monitor_.tell();
  const std::unique_ptr<Watchers> watchers = std::move(watchers_);
  lock.unlock();
  tell(watchers);
}

void Inbox::tell(const std::unique_ptr<Watchers>& watchers) {
  if (!watchers) return;
  for (const Watcher& watcher : *watchers)
    if (!watcher.who.expired()) watcher.tell();
}

void Inbox::when_ready(std::weak_ptr<const void> who, std::function<void()> tell) {
  io::Monitor::Lock lock(monitor_);
  if (!waiting_.empty() || ended_ || fault_) {
    lock.unlock();
    return tell();
  }
  if (!watchers_) watchers_ = std::make_unique<Watchers>();
  std::erase_if(*watchers_, [](const Watcher& watcher) { return watcher.who.expired(); });
  watchers_->push_back({std::move(who), std::move(tell)});
}

void Inbox::clear() {
  const io::Monitor::Lock lock(monitor_);
  waiting_.clear();
  bytes_ = 0;
}

bool Inbox::is_enough(const Message& newest) const {
  return waiting_.size() >= wanted_ || newest.reply().empty();
}

Result<void> Inbox::await(std::size_t wanted, io::Monitor::Lock& lock, Patience& patience,
                          bool may_wait) {
  while (waiting_.empty()) {
    if (ended_) return failure("the subscription has ended", ErrorCode::kClosed);
    if (fault_) return *fault_;
    if (!may_wait) return waits_for_itself();
    wanted_ = wanted;
    ++awaiting_;
    const bool goes_on = patience.wait(lock);
    --awaiting_;
    if (!goes_on && waiting_.empty()) return patience.error();
  }
  return {};
}

Result<Message> Inbox::take(const Deadline& deadline, bool may_wait) {
  Patience patience(monitor_, deadline);
  io::Monitor::Lock lock(monitor_);
  TRY(await(1, lock, patience, may_wait || deadline.timeout.count() <= 0));
  Message message = std::move(waiting_.front());
  waiting_.pop_front();
  bytes_ -= size_of(*MessageBlock::of(message));
  ++taken_;
  return message;
}

Result<std::deque<Message>> Inbox::take_many(std::size_t wanted, const Deadline& deadline,
                                             bool may_wait) {
  Patience patience(monitor_, deadline);
  io::Monitor::Lock lock(monitor_);
  TRY(await(wanted, lock, patience, may_wait));
  taken_ += waiting_.size();
  bytes_ = 0;
  return std::exchange(waiting_, {});
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

void Subscription::limit(std::uint64_t most) {
  std::uint64_t now = max;
  while (now != kEnded && !max.compare_exchange_weak(now, std::min(most, kEnded - 1))) {
  }
}

void Subscription::end() {
  max = kEnded;
  if (inbox) inbox->end();
}

}  // namespace detail

namespace {

using NextCall = detail::AsyncCall<Message>;

// On the loop: takes the next message, or waits for it.
void await_next(const std::shared_ptr<detail::Subscription>& subscription,
                const std::shared_ptr<NextCall>& call) {
  if (call->is_over()) return;
  auto message = subscription->inbox->take(Timeout::zero(), false);
  if (message || message.error().code() != ErrorCode::kTimeout)
    return call->finish(std::move(message));
  // Weakly: the inbox is the subscription's own.
  const auto again = [weak = std::weak_ptr(subscription), weak_call = std::weak_ptr(call)] {
    const auto subscription = weak.lock();
    const auto call = weak_call.lock();
    if (subscription && call) call->post([=] { await_next(subscription, call); });
  };
  subscription->inbox->when_ready(call, again);
}

std::unexpected<Error> no_subscription() {
  return failure("there is no such subscription", ErrorCode::kClosed);
}

std::unexpected<Error> has_callback() {
  return failure("the messages of this subscription go to its callback", ErrorCode::kInvalid);
}

}  // namespace

Result<Message> Subscription::next(Deadline deadline) {
  if (!state_) return no_subscription();
  if (!state_->inbox) return has_callback();
  const auto connection = state_->connection.lock();
  return state_->inbox->take(deadline, !connection || connection->may_wait());
}

Result<void> Subscription::next_async(std::function<void(Result<Message>)> done,
                                      Deadline deadline) {
  const auto connection = state_ ? state_->connection.lock() : nullptr;
  if (!connection) return no_subscription();
  if (!state_->inbox) return has_callback();
  const auto call = NextCall::make(connection, std::move(done));
  call->begin(deadline);
  connection->post([state = state_, call] { await_next(state, call); });
  return {};
}

Result<void> Subscription::unsubscribe() {
  const auto connection = state_ ? state_->connection.lock() : nullptr;
  if (!connection || state_->has_ended()) return no_subscription();
  connection->unsubscribe(state_);
  if (state_->inbox) state_->inbox->clear();
  return {};
}

Result<void> Subscription::unsubscribe_after(std::uint64_t max) {
  const auto connection = state_ ? state_->connection.lock() : nullptr;
  if (!connection || state_->has_ended()) return no_subscription();
  if (max == 0) return unsubscribe();
  connection->unsubscribe_after(state_, max);
  return {};
}

Result<void> Subscription::drain(Deadline deadline) {
  const auto connection = state_ ? state_->connection.lock() : nullptr;
  if (!connection || state_->has_ended()) return no_subscription();
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

std::optional<Error> Subscription::error() const {
  const auto connection = state_ ? state_->connection.lock() : nullptr;
  return connection ? connection->refusal_of(*state_) : std::nullopt;
}

bool Subscription::active() const { return state_ && !state_->has_ended(); }

Subscription::Figures Subscription::figures() const {
  Figures figures;
  if (!state_) return figures;
  figures.delivered = state_->received;
  if (state_->inbox) state_->inbox->add_to(figures);
  return figures;
}

}  // namespace midge
