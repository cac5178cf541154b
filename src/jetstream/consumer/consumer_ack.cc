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
  if (!message.reply.empty()) {
    Effect done;
    done.account = stream_.account();
    done.to = message.reply;
    done.after = stream_.durable_mark();
    stream_.shard().send_when_durable(std::move(done));
  }
}

void Consumer::acknowledge(Sequence sequence, ConsumerSequence delivery, bool all_before) {
  if (const PendingMessage* pending = acks_.find(sequence)) advise_acked(*this, *pending, delivery);
  if (!all_before) {
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
  if (stream_.config().retention != Retention::kLimits) stream_.on_acked(*this, sequence);
}

void Consumer::nak(Sequence sequence, ConsumerSequence delivery, std::string_view terms) {
  if (const PendingMessage* pending = acks_.find(sequence)) advise_naked(*this, *pending, delivery);
  if (terms.empty()) {
    if (acks_.request_redelivery(sequence)) signal();
    return;
  }
  NakTerms delay;
  if (terms.front() == '{') {
    if (!codec::read_json_struct(terms, delay, false)) delay.delay = {};
  } else {
    (void)std::from_chars(terms.data(), terms.data() + terms.size(), delay.delay.ns);
  }
  const WallTime at = stream_.shard().wall() + delay.delay;
  if (acks_.postpone(sequence, at)) arm_ack_timer(at);
}

void Consumer::in_progress(Sequence sequence) {
  const PendingMessage* pending = acks_.find(sequence);
  if (pending == nullptr) return;
  const WallTime at = deadline_for(pending->deliveries);
  if (acks_.postpone(sequence, at)) arm_ack_timer(at);
}

void Consumer::terminate(Sequence sequence, ConsumerSequence delivery, std::string_view reason) {
  if (const PendingMessage* pending = acks_.find(sequence))
    advise_terminated(*this, *pending, delivery, reason);
  if (!acks_.ack(sequence)) return;
  record({ConsumerStep::Kind::kAcked, sequence, {}, {}});
  acked(sequence);
  signal();
}

}  // namespace midge::jetstream
