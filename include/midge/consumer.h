// A consumer of a stream: messages by callback, one after the other, or by the batch.
//
//   auto consumer = stream.create_consumer({.durable_name = "work"}).value();
//   auto consumption = consumer.consume([](const midge::Delivery& d) { work(d); d.ack();
//   }).value();
//
//   auto messages = consumer.messages().value();
//   while (auto delivery = messages.next(10s)) { work(*delivery); delivery->ack(); }
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "midge/consumer_config.h"
#include "midge/deadline.h"
#include "midge/delivery.h"
#include "midge/result.h"

#pragma GCC visibility push(default)

namespace midge {

namespace detail {
class JetStreamContext;
class Feed;
class PullFeed;
struct FeedEvents;
struct ConsumerState;
struct OrderedConsumerState;
}  // namespace detail

// Which group of a consumer with priorities asks, and when it gets something.
struct PriorityOptions {
  std::string group;  // "" = none
  std::uint64_t min_pending = 0, min_ack_pending = 0;
  int priority = 0;  // 0..9, low ones first
};

// How much is asked for in advance, and who hears of trouble.
struct ConsumeOptions {
  // What is asked for in advance, and is not handled yet. Bytes: instead of messages.
  std::size_t max_messages = 500;
  std::size_t max_bytes = 0;  // 0 = messages count
  // Asked for more once there is this or less of it; 0 = half.
  std::size_t threshold_messages = 0, threshold_bytes = 0;
  std::chrono::nanoseconds expires = std::chrono::seconds(30);  // of one pull, at least 1 s
  std::chrono::nanoseconds heartbeat{};  // 0 = half of `expires`, at most 30 s
  PriorityOptions priority;
  // What goes wrong and is mended: missed heartbeats, refused pulls. On the background thread.
  std::function<void(const Error&)> on_warning;
  // It has ended by itself, with the reason. On the background thread.
  std::function<void(const Error&)> on_end;
};

// How a push consumer is subscribed to.
struct PushOptions {
  bool auto_ack = false;  // once the callback has returned
  // As ConsumeOptions'.
  std::function<void(const Error&)> on_warning, on_end;
};

// What one request asks for.
struct FetchOptions {
  std::size_t max_messages = 1;
  std::size_t max_bytes = 0;             // 0 = no limit
  bool no_wait = false;                  // only what is there
  std::chrono::nanoseconds heartbeat{};  // 0 = half of a wait of more than 10 s
  PriorityOptions priority;
};

// Messages go to a callback for as long as this, or a copy of it, is there.
class Consumption {
 public:
  // Called on the background thread; must not wait.
  using Callback = std::function<void(const Delivery&)>;

  Consumption() = default;
  // No more messages. Returns when no callback is being called any more, unless it is called by
  // one. What was asked for in advance comes to others when its time to ack is over.
  void stop();
  [[nodiscard]] bool active() const;

 private:
  friend class Consumer;
  friend class OrderedConsumer;
  friend class KeyValue;
  friend class ObjectStore;
  struct State;
  explicit Consumption(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// Messages are fetched in advance, and taken one after the other. Thread: any.
class Messages {
 public:
  Messages() = default;
  // Errors: kTimeout, kCancelled; kClosed: it was stopped; else why it has ended.
  Result<Delivery> next(Deadline deadline = kDefaultTimeout);
  // No more messages; those waiting are dropped.
  void stop();
  // Nothing more is asked for; those waiting can still be taken.
  void drain();
  [[nodiscard]] bool active() const;

 private:
  friend class Consumer;
  friend class OrderedConsumer;
  struct State;
  explicit Messages(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

// A handle of a consumer that is there. Thread: any. Errors of all calls: kServer (as the API
// says it, with err_code()), kTimeout, kCancelled, kNoResponders (no JetStream), kClosed, kInvalid
// (arguments, or a call that waits, in a callback).
class Consumer {
 public:
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const std::string& stream() const;
  // As it was when the handle was made.
  [[nodiscard]] const ConsumerInfo& cached_info() const;
  Result<ConsumerInfo> info(Deadline deadline = kDefaultTimeout) const;

  // Goes on until the consumer is deleted, through reconnects.
  Result<Consumption> consume(Consumption::Callback callback, ConsumeOptions options = {}) const;
  Result<Messages> messages(ConsumeOptions options = {}) const;
  // Up to so many messages; fewer once the time is over, none is no error.
  Result<std::vector<Delivery>> fetch(FetchOptions options,
                                      Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<Delivery>> fetch(std::size_t max_messages,
                                      Deadline deadline = kDefaultTimeout) const;
  // One message. Errors: also kTimeout: there is none.
  Result<Delivery> next(Deadline deadline = kDefaultTimeout) const;

  // Of push consumers, which have a deliver subject: what comes there, shared with others of its
  // deliver group. Goes on as consume() does, and answers what asks for flow control: Messages
  // once those before were taken. Errors: kInvalid: it is none.
  Result<Consumption> subscribe(Consumption::Callback callback, PushOptions options = {}) const;
  Result<Messages> subscribe(PushOptions options = {}) const;

 private:
  friend class Stream;
  Result<std::shared_ptr<detail::PullFeed>> start_feed(const ConsumeOptions& options,
                                                       detail::FeedEvents events) const;
  Result<std::shared_ptr<detail::Feed>> start_push(detail::FeedEvents events) const;
  explicit Consumer(std::shared_ptr<detail::ConsumerState> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::ConsumerState> state_;
};

// What an ordered consumer reads, and from where on.
struct OrderedConsumerOptions {
  std::vector<std::string> filter_subjects;  // none = all
  DeliverPolicy deliver_policy = DeliverPolicy::kAll;
  std::uint64_t start_sequence = 0;  // with kByStartSequence
  std::optional<Time> start_time;    // with kByStartTime
  ReplayPolicy replay_policy = ReplayPolicy::kInstant;
  std::chrono::nanoseconds inactive_threshold = std::chrono::minutes(5);
  bool headers_only = false;
  Metadata metadata;
  std::string name_prefix;  // of the consumers that it makes; "" = drawn
};

// The messages of a stream in their order, each once, without acks. Makes its own consumers on the
// server: a new one that goes on behind the last message when one is lost.
class OrderedConsumer {
 public:
  // Errors: as Consumer's. Each call of these two begins anew.
  Result<Consumption> consume(Consumption::Callback callback, ConsumeOptions options = {},
                              Deadline deadline = kDefaultTimeout) const;
  Result<Messages> messages(ConsumeOptions options = {}, Deadline deadline = kDefaultTimeout) const;
  // As Consumer's; goes on behind what the last call returned, whatever has happened since. One at
  // a time: who asks meanwhile is refused with kInvalid.
  Result<std::vector<Delivery>> fetch(FetchOptions options,
                                      Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<Delivery>> fetch(std::size_t max_messages,
                                      Deadline deadline = kDefaultTimeout) const;
  Result<Delivery> next(Deadline deadline = kDefaultTimeout) const;

 private:
  friend class Stream;
  explicit OrderedConsumer(std::shared_ptr<detail::OrderedConsumerState> state)
      : state_(std::move(state)) {}
  std::shared_ptr<detail::OrderedConsumerState> state_;
};

}  // namespace midge

#pragma GCC visibility pop
