#include "client/jetstream/push_feed.h"

#include <utility>

#include "client/patience.h"

namespace midge::detail {
namespace {

constexpr int kControl = 100;  // heartbeats, and requests of flow control

}  // namespace

// Of a group, one member gets the heartbeats: the others hear none.
PushFeed::PushFeed(std::shared_ptr<JetStreamContext> context, const ConsumerConfig& config,
                   FeedEvents events)
    : Feed(std::move(context), std::move(events)),
      deliver_subject_(config.deliver_subject),
      group_(config.deliver_group),
      heartbeat_(group_.empty() ? duration_of(config.idle_heartbeat) : Duration{}) {}

Result<void> PushFeed::start() { return listen(deliver_subject_, {.queue = group_}); }

void PushFeed::begin() {
  last_heard_ = now();
  if (heartbeat_.ns > 0) after(heartbeat_ * 2, [this] { on_time(); });
}

void PushFeed::on_message(const Message& message) {
  last_heard_ = now();
  if (message.subject() == deliver_subject_) return on_status(message);
  if (events().holds) {
    const io::Monitor::Lock lock(monitor_);
    ++delivered_;
  }
  events().deliver(lend(message));
}

void PushFeed::on_status(const Message& status) {
  if (status.status() == kControl) {
    // A heartbeat repeats a request that got lost.
    if (!status.reply().empty()) promise(status.reply());
    if (const auto stalled = status.header("Nats-Consumer-Stalled")) promise(*stalled);
    return;
  }
  const Error why = Error::of_server(status.status(), 0, std::string(status.description()));
  if (status.description().starts_with("Consumer Deleted")) return finish(why);
  warn(why);
}

void PushFeed::promise(std::string_view subject) {
  {
    const io::Monitor::Lock lock(monitor_);
    if (handled_ < delivered_) {
      promise_ = {delivered_, std::string(subject)};
      return;
    }
  }
  answer(std::string(subject));
}

void PushFeed::release(const Delivery&) {
  std::optional<Promise> kept;
  {
    const io::Monitor::Lock lock(monitor_);
    ++handled_;
    if (promise_ && handled_ >= promise_->after) kept = std::exchange(promise_, std::nullopt);
  }
  if (kept) answer(kept->subject);
}

// What cannot be sent is asked for again with the next heartbeat.
void PushFeed::answer(const std::string& subject) { (void)context().client().publish(subject, ""); }

void PushFeed::on_time() {
  const Duration patience = heartbeat_ * 2;
  if (context().connection()->status() != Status::kConnected) last_heard_ = now();
  if (now() - last_heard_ >= patience) {
    last_heard_ = now();
    warn(Error("no heartbeat of the consumer", ErrorCode::kTimeout));
  }
  after(last_heard_ + patience - now(), [this] { on_time(); });
}

}  // namespace midge::detail
