// A subscription: messages by callback, or one after the other.
//
//   auto sub = client.subscribe("orders.*").value();
//   while (auto message = sub.next(10s)) handle(*message);
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "midge/deadline.h"
#include "midge/message.h"
#include "midge/result.h"

#pragma GCC visibility push(default)

namespace midge {

namespace detail {
class Subscription;
}

// What happens to messages for which there is no room.
enum class Overflow : unsigned char {
  kDropNewest,
  kDropOldest,
  kUnsubscribe,
};

// How messages come to a subscription.
struct SubscribeOptions {
  std::string queue;      // one member of the group gets each message
  std::uint64_t max = 0;  // messages, then it ends by itself; 0 = no end
  // Of messages that nobody has taken yet; of subscriptions without a callback.
  std::size_t pending_messages_max = 512 * 1024;
  std::size_t pending_bytes_max = 64 << 20;
  Overflow overflow = Overflow::kDropNewest;
};

// A handle; copies are the same subscription. The subscription ends with unsubscribe(), drain(),
// its maximum or its connection; a handle that is destroyed leaves it alone, unless it was the last
// one of a subscription without a callback. Thread: any.
class Subscription {
 public:
  // Called on the background thread; must not wait.
  using Callback = std::function<void(const Message&)>;

  Subscription() = default;

  // The next message. Errors: kTimeout, kCancelled; kClosed: it has ended and all were taken;
  // kPermission: see error().
  Result<Message> next(Deadline deadline = kDefaultTimeout);
  // The same without waiting.
  Result<Message> poll() { return next(std::chrono::nanoseconds(0)); }

  // The next message without waiting: `done` is called once, on the connection's background thread;
  // an error: it is not. Errors: as next().
  Result<void> next_async(std::function<void(Result<Message>)> done,
                          Deadline deadline = kDefaultTimeout);

  // No more messages; those waiting are dropped.
  Result<void> unsubscribe();
  // Ends by itself after that many messages in all.
  Result<void> unsubscribe_after(std::uint64_t max);
  // No new messages; those that the server has sent already still come. Returns when they are here,
  // with callbacks called. Errors: kTimeout, kCancelled, kClosed.
  Result<void> drain(Deadline deadline = kDefaultTimeout);

  [[nodiscard]] const std::string& subject() const;
  [[nodiscard]] const std::string& queue() const;
  [[nodiscard]] bool active() const;
  // What the server has refused it with (kPermission): nothing comes. It is asked again with the
  // next connection; nullopt: it has not refused.
  [[nodiscard]] std::optional<Error> error() const;
  // Counts since the subscription was made.
  struct Figures {
    std::uint64_t delivered = 0;  // to the callback, or taken
    std::uint64_t dropped = 0;
    std::size_t pending_messages = 0, pending_bytes = 0;
  };
  [[nodiscard]] Figures figures() const;

 private:
  friend class Client;
  explicit Subscription(std::shared_ptr<detail::Subscription> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::Subscription> state_;
};

}  // namespace midge

#pragma GCC visibility pop
