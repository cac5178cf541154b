#include "client/jetstream/pull_feed.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "client/jetstream/delivery.h"
#include "client/jetstream/json_time.h"
#include "client/jetstream/pull_terms.h"
#include "client/message_block.h"
#include "client/patience.h"
#include "client/subscription.h"

namespace midge::detail {
namespace {

constexpr Duration kPause = seconds(1);  // before what has failed is tried again
constexpr Timeout kExpiresMin{seconds(1).ns};
constexpr Timeout kHeartbeatMax{seconds(30).ns};

std::size_t number_of(std::optional<std::string_view> text) {
  std::size_t number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

}  // namespace

Result<ConsumeOptions> with_defaults(ConsumeOptions options) {
  if (options.max_messages == 0 && options.max_bytes == 0)
    return failure("max_messages is 0", ErrorCode::kInvalid);
  if (options.expires < kExpiresMin)
    return failure("expires is shorter than a second", ErrorCode::kInvalid);
  if (options.heartbeat.count() == 0)
    options.heartbeat = std::min<Timeout>(options.expires / 2, kHeartbeatMax);
  if (options.heartbeat.count() < 0 || options.heartbeat * 2 > options.expires)
    return failure("heartbeat is longer than half of expires", ErrorCode::kInvalid);
  if (options.threshold_messages == 0) options.threshold_messages = options.max_messages / 2;
  if (options.threshold_bytes == 0) options.threshold_bytes = options.max_bytes / 2;
  return options;
}

PullFeed::PullFeed(std::shared_ptr<JetStreamContext> context, std::string stream,
                   std::string consumer, const ConsumeOptions& options, std::shared_ptr<PinId> pin,
                   FeedEvents events)
    : Feed(std::move(context), std::move(events)),
      stream_(std::move(stream)),
      consumer_(std::move(consumer)),
      options_(options),
      pin_(std::move(pin)),
      inbox_(this->context().client().new_inbox()),
      ledger_({.messages = options.max_messages,
               .bytes = options.max_bytes,
               .threshold_messages = options.threshold_messages,
               .threshold_bytes = options.threshold_bytes}) {}

void PullFeed::begin() {
  last_heard_ = now();
  after(duration_of(options_.heartbeat) * 2, [this] { on_time(); });
  on_begin();
  pull();
}

void PullFeed::release(const Delivery& delivery) {
  const std::size_t bytes = size_of(*MessageBlock::of(delivery.message()));
  const std::size_t messages = --held_messages_;
  const std::size_t left = held_bytes_ -= bytes;
  const bool may_pull = options_.max_bytes > 0 ? left <= options_.threshold_bytes
                                               : messages <= options_.threshold_messages;
  if (!may_pull || !active() || pull_posted_.exchange(true)) return;
  context().connection()->post([self = std::static_pointer_cast<PullFeed>(shared_from_this())] {
    self->pull_posted_ = false;
    self->pull();
  });
}

std::string PullFeed::pull_body(const PullLedger::Pull& pull) const {
  return codec::write_json_struct(PullTerms{.batch = pull.batch,
                                            .max_bytes = pull.bytes,
                                            .expires = options_.expires,
                                            .heartbeat = options_.heartbeat,
                                            .priority = options_.priority,
                                            .pin_id = pin_->get()});
}

void PullFeed::pull() {
  if (!active() || is_pausing_ || !may_pull()) return;
  const auto next = ledger_.next(held_messages_, held_bytes_);
  if (!next) return;
  // What cannot be sent is asked for again once the server is there, or has not been heard of.
  (void)context().client().publish(next_subject(context(), stream_, consumer_), pull_body(*next),
                                   inbox_ + "." + std::to_string(generation_));
}

void PullFeed::forget_pulls() {
  ledger_.reset();
  ++generation_;
}

void PullFeed::pull_later() {
  forget_pulls();
  if (std::exchange(is_pausing_, true)) return;
  after(kPause, [this] { on_pull_time(); });
}

void PullFeed::on_pull_time() {
  is_pausing_ = false;
  pull();
}

void PullFeed::tell_renewed(std::uint64_t pending) {
  if (active() && events().renewed) events().renewed(pending);
}

void PullFeed::on_message(const Message& message) {
  last_heard_ = now();
  if (message.subject().starts_with(inbox_)) return on_status(message);
  const std::size_t bytes = size_of(*MessageBlock::of(message));
  ledger_.on_message(bytes);
  if (const auto pin = message.header("Nats-Pin-Id"); pin && *pin != pin_->get()) pin_->set(*pin);
  const Delivery delivery = lend(message);
  if (accepts(delivery)) {
    if (events().holds) ++held_messages_, held_bytes_ += bytes;
    events().deliver(delivery);
  }
  pull();
}

void PullFeed::on_status(const Message& status) {
  const std::string generation = std::to_string(generation_);
  if (status.subject().substr(inbox_.size() + 1) != generation) return;  // it was given up
  const PullVerdict verdict = ledger_.on_status(status.status(), status.description(),
                                                number_of(status.header("Nats-Pending-Messages")),
                                                number_of(status.header("Nats-Pending-Bytes")));
  const auto error = [&] {
    return Error::of_server(status.status(), 0, std::string(status.description()));
  };
  switch (verdict) {
    case PullVerdict::kGoOn:
      return pull();
    case PullVerdict::kWarn:
      warn(error());
      return pull();
    case PullVerdict::kBeginAnew:
      warn(error());
      return pull_later();
    case PullVerdict::kUnpinned:
      pin_->set("");
      forget_pulls();
      return pull();
    case PullVerdict::kLost:
      return on_lost(error(), status.status() != 503);
    case PullVerdict::kEnd:
      return finish(error());
  }
}

// A consumer that does not answer may be there again; one that was deleted will not.
void PullFeed::on_lost(const Error& why, bool is_deleted) {
  if (is_deleted) return finish(why);
  warn(why);
  pull_later();
}

void PullFeed::on_reconnected() {
  if (!active()) return;
  last_heard_ = now();
  forget_pulls();
  on_connection_lost();
}

void PullFeed::on_time() {
  const Duration patience = duration_of(options_.heartbeat) * 2;
  // A server that is not asked need not be heard of.
  if (ledger_.messages() == 0 || context().connection()->status() != Status::kConnected)
    last_heard_ = now();
  if (now() - last_heard_ >= patience) {
    last_heard_ = now();
    forget_pulls();
    on_lost(Error("no heartbeat of the consumer", ErrorCode::kTimeout), false);
  }
  after(last_heard_ + patience - now(), [this] { on_time(); });
}

}  // namespace midge::detail
