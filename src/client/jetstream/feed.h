// Messages of a consumer on their way to whoever consumes them: what feeds of all kinds share.
//
// Lives on the connection's loop, where its events are told; start(), stop() and release() are any
// thread's.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/jetstream/context.h"
#include "midge/delivery.h"

namespace midge::detail {

// One at a time. Once `end` was called, or stop() has returned, nothing is called any more.
struct FeedEvents {
  std::function<void(const Delivery&)> deliver;
  bool holds = false;                      // what was delivered is not handled before release()
  std::function<void(const Error&)> warn;  // it goes on; may be empty
  std::function<void(const Error&)> end;
  std::function<void(std::uint64_t pending)>
      renewed;  // an ordered one has a consumer; may be empty
};

class Feed : public ReconnectWatcher, public std::enable_shared_from_this<Feed> {
 public:
  Feed(std::shared_ptr<JetStreamContext> context, FeedEvents events)
      : context_(std::move(context)), events_(std::move(events)) {}
  ~Feed() override = default;

  // Waits until no event is being told, unless one calls.
  void stop();
  [[nodiscard]] bool active() const { return active_; }
  [[nodiscard]] bool may_wait() const { return context_->may_wait(); }
  // One of the messages that were delivered is handled, or will not be.
  virtual void release(const Delivery& delivery) = 0;

 protected:
  // Of the loop, once: watches reconnects, and the time between what is heard.
  virtual void begin() = 0;
  virtual void on_message(const Message& message) = 0;

  // Messages of `subject` go to on_message(), and begin() is called.
  Result<void> listen(const std::string& subject, SubscribeOptions options = {});
  [[nodiscard]] JetStreamContext& context() const { return *context_; }
  [[nodiscard]] MonoTime now() const { return context_->connection()->now(); }
  [[nodiscard]] const FeedEvents& events() const { return events_; }
  // A handle of the bytes where they lie: who copies it keeps them.
  [[nodiscard]] Delivery lend(const Message& message) const;
  void warn(const Error& why);
  // Not once it has come to an end; it does when the connection is closed.
  void after(Duration delay, std::function<void()> action);
  void finish(const std::optional<Error>& why);

 private:
  const std::shared_ptr<JetStreamContext> context_;
  const FeedEvents events_;
  std::atomic<bool> active_{true};
  io::Monitor monitor_;
  midge::Subscription subscription_;
};

}  // namespace midge::detail
