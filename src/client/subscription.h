// One subscription of a connection: where its messages go.
//
// The loop delivers; any thread takes. What is only the loop's is so marked.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/monitor.h"
#include "midge/subscription.h"

namespace midge::detail {

class Connection;
class Patience;
struct MessageBlock;

// Bytes of a message as limits count them.
std::size_t size_of(const MessageBlock& block);

// Messages that wait for somebody who asks.
class Inbox {
 public:
  Inbox(std::size_t messages_max, std::size_t bytes_max, Overflow overflow)
      : messages_max_(messages_max), bytes_max_(bytes_max), overflow_(overflow) {}

  enum class Put : std::uint8_t { kTaken, kDropped, kFull };
  // kFull: the subscription is to end.
  Put put(Message message, std::size_t bytes);
  bool is_slow = false;  // the loop's: the user has been told so
  // Nothing more will come.
  void end();
  // Who finds nothing is told so; none: waits again.
  void set_fault(std::optional<Error> fault);
  // Those waiting are of no interest.
  void clear();
  Result<Message> take(const Deadline& deadline, bool may_wait);
  // All that wait once there are `wanted`, or one that wants no answer (of a consumer's messages
  // that is a status line); when `deadline` is over as many as there are. For who is the only one
  // that takes: it is woken once for many.
  Result<std::deque<Message>> take_many(std::size_t wanted, const Deadline& deadline,
                                        bool may_wait);
  void add_to(midge::Subscription::Figures& figures);
  // Calls `tell` once, when there is a message or the end, as long as there is `who`: at once, or
  // on the thread that brings it.
  void when_ready(std::weak_ptr<const void> who, std::function<void()> tell);

 private:
  const std::size_t messages_max_, bytes_max_;
  const Overflow overflow_;
  io::Monitor monitor_;
  std::deque<Message> waiting_;
  std::size_t bytes_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t taken_ = 0;
  struct Watcher {
    std::weak_ptr<const void> who;
    std::function<void()> tell;
  };
  using Watchers = std::vector<Watcher>;
  static void tell(const std::unique_ptr<Watchers>& watchers);
  [[nodiscard]] bool is_enough(const Message& newest) const;
  // Errors: as take(); none is there.
  Result<void> await(std::size_t wanted, io::Monitor::Lock& lock, Patience& patience,
                     bool may_wait);
  std::unique_ptr<Watchers> watchers_;  // null: none
  std::unique_ptr<const Error> fault_;  // null: none
  bool ended_ = false;
  int awaiting_ = 0;        // threads
  std::size_t wanted_ = 1;  // messages, before they are told
};

class Subscription {
 public:
  using Callback = midge::Subscription::Callback;

  Subscription(std::weak_ptr<Connection> connection, std::uint64_t sid, std::string subject,
               SubscribeOptions options, Callback callback);

  const std::weak_ptr<Connection> connection;
  const std::uint64_t sid;
  const std::string subject;
  const std::unique_ptr<const std::string> queue;  // null: none
  const Callback callback;                         // empty: there is an inbox
  const std::unique_ptr<Inbox> inbox;
  static constexpr std::uint64_t kEnded = ~std::uint64_t{0};
  std::atomic<std::uint64_t> max;          // 0 = no end, kEnded = it has come; by limit() and end()
  std::atomic<std::uint64_t> received{0};  // written by the loop

  // How many messages there are to be, unless it has ended. Any thread.
  void limit(std::uint64_t most);
  void end();
  [[nodiscard]] bool has_ended() const { return max == kEnded; }
  // No message may come any more, though the table still has it.
  [[nodiscard]] bool is_over() const {
    const std::uint64_t most = max;
    return most != 0 && (most == kEnded || received >= most);
  }
};

// For tables of subscriptions that keep no key beside them.
inline std::uint64_t sid_of(std::uint64_t sid) { return sid; }
inline std::uint64_t sid_of(const std::shared_ptr<Subscription>& subscription) {
  return subscription->sid;
}
struct HashOfSid {
  template <class T>
  std::size_t operator()(const T& thing) const {
    return sid_of(thing);
  }
};
struct SameSid {
  using is_transparent = void;
  template <class T, class U>
  bool operator()(const T& one, const U& other) const {
    return sid_of(one) == sid_of(other);
  }
};

}  // namespace midge::detail
