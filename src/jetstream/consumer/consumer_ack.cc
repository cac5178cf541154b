// What comes back for delivered messages.
#include <charconv>

#include "codec/json_struct.h"
#include "jetstream/advisory.h"
#include "jetstream/consumer/consumer.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

struct NakTerms {
  Duration delay{};
};
template <class Visitor>
void describe(Visitor& v, NakTerms& t) {
  v.field("delay", t.delay);
}

std::string_view without_spaces(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  return text;
}

}  // namespace

void Consumer::on_ack(const broker::Message& message, Sequence sequence,
                      ConsumerSequence delivery) {
  const std::string_view body = message.body();
  const bool was_delivered = sequence <= acks_.delivered().stream;
  if (body.empty() || body == "+ACK" || body == "+OK") {
    acknowledge(sequence, delivery, config_.ack_policy == AckPolicy::kAll);
  } else if (body.starts_with("-NAK")) {
    nak(sequence, delivery, without_spaces(body.substr(4)));
  } else if (body.starts_with("+WPI")) {
    in_progress(sequence);
  } else if (body.starts_with("+TERM")) {
    terminate(sequence, delivery, without_spaces(body.substr(5)));
  } else if (body.starts_with("+NXT")) {
    acknowledge(sequence, delivery, config_.ack_policy == AckPolicy::kAll);
    broker::Message request = message;
    request.payload = without_spaces(body.substr(4));
    request.header_size = 0;
    return on_pull(request);
  }
  // As nats-server: what was never delivered is neither acknowledged nor terminated.
  const bool is_claimed = body.empty() || body.front() == '+';
  if (!was_delivered && is_claimed && !body.starts_with("+WPI")) return;
  if (!message.reply.empty())
    stream_.shard().send_when_durable(
        {stream_.durable_mark(), stream_.account(), message.reply, {}, {}, {}});
}

void Consumer::acknowledge(Sequence sequence, ConsumerSequence delivery, bool all_before) {
  if (!all_before) {
    if (const PendingMessage* pending = acks_.find(sequence))
      advise_acked(*this, *pending, delivery);
    if (!acks_.ack(sequence)) return;
    record({ConsumerStep::Kind::kAcked, sequence, {}, {}});
    acked(sequence);
  } else {
    std::vector<Sequence> done;
    acks_.for_each_pending([&](const PendingMessage& pending) {
      if (pending.stream <= sequence) done.push_back(pending.stream);
    });
    if (!acks_.ack_all(sequence)) return;
    record({ConsumerStep::Kind::kAckedAll, sequence, {}, {}});
    for (const Sequence each : done) acked(each);
  }
  last_ack_ = stream_.shard().wall();
  signal();
}

void Consumer::acked(Sequence sequence) {
  if (stream_.config().retention != Retention::kLimits) stream_.on_acked(sequence);
}

void Consumer::nak(Sequence sequence, ConsumerSequence delivery, std::string_view terms) {
  if (const PendingMessage* pending = acks_.find(sequence)) advise_naked(*this, *pending, delivery);
  if (terms.empty()) {
    const PendingMessage* pending = acks_.find(sequence);
    if (pending != nullptr && is_exhausted(*pending) && has_dead_letters())
      return exhausted_deliveries(*pending);
    if (acks_.request_redelivery(sequence)) signal();
    return;
  }
  NakTerms delay;
  if (terms.front() == '{') {
    if (!codec::read_json_struct(terms, delay, false)) delay.delay = {};
  } else {
    (void)std::from_chars(terms.data(), terms.data() + terms.size(), delay.delay.ns);
  }
  const WallTime at = stream_.shard().clock().steady() + delay.delay;
  if (acks_.postpone(sequence, at)) arm_ack_timer(at);
}

void Consumer::in_progress(Sequence sequence) {
  const PendingMessage* pending = acks_.find(sequence);
  if (pending == nullptr) return;
  const WallTime at = deadline_for(pending->deliveries);
  if (acks_.postpone(sequence, at)) arm_ack_timer(at);
}

void Consumer::terminate(Sequence sequence, ConsumerSequence delivery, std::string_view reason) {
  const PendingMessage* pending = acks_.find(sequence);
  if (pending == nullptr) return;
  advise_terminated(*this, *pending, delivery, reason);
  give_up(*pending, DeadLetter::Reason::kTerminated, reason);
  if (!has_dead_letters()) acked(sequence);
  signal();
}

// ---- what is given up

void Consumer::exhausted_deliveries(const PendingMessage& message) {
  advise_max_deliver(*this, message);
  give_up(message, DeadLetter::Reason::kMaxDeliveries, {});
}

void Consumer::give_up_exhausted() {
  if (!has_dead_letters() || config_.max_deliver <= 0 || !acks_.has_redeliveries()) return;
  std::vector<PendingMessage> exhausted;
  acks_.for_each_pending([&](const PendingMessage& message) {
    if (message.state == PendingMessage::State::kToRedeliver && is_exhausted(message))
      exhausted.push_back(message);
  });
  for (const PendingMessage& message : exhausted) exhausted_deliveries(message);
}

void Consumer::give_up(const PendingMessage& message, DeadLetter::Reason reason,
                       std::string_view text) {
  const Sequence sequence = message.stream;
  if (!has_dead_letters()) {
    const bool stays = reason == DeadLetter::Reason::kMaxDeliveries &&
                       stream_.config().retention == Retention::kInterest;
    if (stays) {
      kept_.insert(sequence);
      record(ConsumerStep::given_up(
          {sequence, message.deliveries, DeadLetter::Reason::kKept, stream_.shard().wall(), {}}));
    } else {
      record({ConsumerStep::Kind::kAcked, sequence, {}, {}});
    }
    acks_.give_up(sequence);
    return;
  }
  DeadLetter letter{sequence, message.deliveries, reason, stream_.shard().wall(),
                    std::string(text)};
  acks_.give_up(sequence);
  record(ConsumerStep::given_up(letter));
  add_dead_letter(std::move(letter));
}

void Consumer::add_dead_letter(DeadLetter letter) {
  if (dead_letters_ == nullptr) dead_letters_ = std::make_unique<DeadLetters>(*this);
  dead_letters_->add(std::move(letter));
}

void Consumer::buried(Sequence sequence) {
  record({ConsumerStep::Kind::kBuried, sequence, {}, {}});
  acked(sequence);
}

}  // namespace midge::jetstream
