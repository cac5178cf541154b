// Messages of a pull consumer, asked for in advance again and again: what consume() and messages()
// are made of.
//
// start() and release() are any thread's, the rest is the loop's.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "client/jetstream/feed.h"
#include "client/jetstream/pull_ledger.h"
#include "client/jetstream/stream_state.h"
#include "midge/consumer.h"

namespace midge::detail {

// Zeros filled in. Errors: kInvalid.
Result<ConsumeOptions> with_defaults(ConsumeOptions options);

class PullFeed : public Feed {
 public:
  // `options`: with their defaults. `pin`: shared by all who read with the consumer's handle.
  PullFeed(std::shared_ptr<JetStreamContext> context, std::string stream, std::string consumer,
           const ConsumeOptions& options, std::shared_ptr<PinId> pin, FeedEvents events);
  Result<void> start() { return listen(inbox_ + ".*"); }
  void release(const Delivery& delivery) override;

 protected:
  // Whether it is to be delivered; an ordered feed finds gaps.
  virtual bool accepts(const Delivery&) { return true; }
  virtual void on_begin() {}
  // There is a consumer to ask.
  virtual bool may_pull() { return true; }
  // The consumer is gone, or has not been heard of.
  virtual void on_lost(const Error& why, bool is_deleted);

  // What was asked for of another server is lost, and perhaps messages on their way.
  virtual void on_connection_lost() { pull(); }

  void set_consumer(std::string name) { consumer_ = std::move(name); }
  [[nodiscard]] const std::string& consumer() const { return consumer_; }
  [[nodiscard]] const std::string& stream() const { return stream_; }
  void tell_renewed(std::uint64_t pending);
  // What was asked for is forgotten.
  void forget_pulls();
  // Asks for as much as there is room for.
  void pull();
  void pull_later();

 private:
  void begin() override;
  void on_message(const Message& message) override;
  void on_status(const Message& status);
  void on_reconnected() override;
  void on_time();
  void on_pull_time();
  [[nodiscard]] std::string pull_body(const PullLedger::Pull& pull) const;

  const std::string stream_;
  std::string consumer_;
  const ConsumeOptions options_;
  const std::shared_ptr<PinId> pin_;
  const std::string inbox_;  // pulls of a generation are answered on `<inbox>.<generation>`
  std::atomic<std::size_t> held_messages_{0}, held_bytes_{0};
  std::atomic<bool> pull_posted_{false};

  // The loop's.
  PullLedger ledger_;
  std::uint64_t generation_ = 0;
  bool is_pausing_ = false;  // pull_later()
  MonoTime last_heard_{};
};

}  // namespace midge::detail
