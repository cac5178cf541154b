// Reads of messages past the API: `$JS.API.DIRECT.GET.<stream>[.<subject>]`. One message is
// answered at once, or as soon as it is durable; several are read in steps (direct_read.h).
#include "codec/json_struct.h"
#include "jetstream/headers.h"
#include "jetstream/shard.h"
#include "jetstream/stream/direct_read.h"
#include "jetstream/stream/stream.h"
#include "subject/subject.h"

namespace midge::jetstream {
namespace {

// What a stream's reads may look at in one tick, and one of them before the next has its turn.
constexpr store::Budget kReadBudget = 32 * 1024;
constexpr store::Budget kReadShare = 8 * 1024;
// When a read goes on whose reader had too much to take.
constexpr Duration kReaderPause = milliseconds(2);

}  // namespace

void Stream::on_direct_get(const broker::Message& message) {
  if (shard_.put_off(id(), message, [](Stream& stream, const broker::Message& copy) {
        stream.on_direct_get(copy);
      }))
    return;
  take_direct_get(message, {});
}

void Stream::on_direct_get_last(const broker::Message& message) {
  if (shard_.put_off(id(), message, [](Stream& stream, const broker::Message& copy) {
        stream.on_direct_get_last(copy);
      }))
    return;
  // The name is this stream's, or its origin's if it is a mirror.
  const std::size_t name_at = std::string_view("$JS.API.DIRECT.GET.").size();
  const std::size_t prefix = message.subject.find('.', name_at) + 1;
  take_direct_get(message, message.subject.substr(prefix));
}

void Stream::take_direct_get(const broker::Message& message, std::string_view last_of) {
  if (message.reply.empty()) return;
  DirectTerms terms;
  std::string_view status = "412 Required Api Level";
  if (api_level_suffices(message.payload.substr(0, message.header_size)))
    status = terms.read(message.body(), last_of);
  if (!status.empty())
    shard_.send(account(), message.reply, HeaderWriter(status).take(), {});
  else if (terms.is_batch())
    start_reading(message.reply, terms);
  else
    answer_direct_get(message.reply, terms);
}

void Stream::answer_direct_get(std::string_view reply, const DirectTerms& terms) {
  Sequence sequence{terms.sequence};
  if (!terms.last_by_subject.empty()) {
    sequence = last_matching(terms.last_by_subject);
  } else if (!terms.next_by_subject.empty() || terms.start_time) {
    if (terms.start_time) sequence = store_->first_at(*terms.start_time);
    sequence = next_matching(terms.next_by_subject, sequence);
  }
  const auto message =
      sequence.value == 0 ? failure("", ErrorCode::kNotFound) : store_->load(sequence);
  if (!message)
    return shard_.send(identity_.account, reply, HeaderWriter("404 Message Not Found").take(), {});
  EffectView effect{{}, identity_.account, reply, {}, {}, message->payload};
  std::string header;
  if (!terms.no_header) header = direct_headers(name(), *message).take();
  effect.header = header;
  // Nobody may see what a crash can still take back.
  if (sequence > visible_last_) effect.after = message_mark();
  shard_.send_when_durable(effect);
}

Sequence Stream::last_matching(std::string_view pattern) {
  if (!subject::is_valid(pattern)) return {};
  if (subject::is_literal(pattern)) return last_of(pattern);
  const auto found = store_->find_last(store::Filter({std::string(pattern)}));
  return found && *found ? **found : Sequence{};
}

Sequence Stream::next_matching(std::string_view pattern, Sequence from) {
  if (!pattern.empty() && !subject::is_valid(pattern)) return {};
  const store::Filter filter =
      pattern.empty() ? store::Filter() : store::Filter({std::string(pattern)});
  store::Budget budget = INT64_MAX;
  const auto found = store_->find_next(filter, from, budget);
  return found && found->found ? *found->found : Sequence{};
}

HeaderWriter Stream::direct_headers(std::string_view stream, const store::StoredMessage& message) {
  constexpr std::size_t kOurs = 160;  // about what is added besides the subject
  HeaderWriter header = HeaderWriter::after(message.header, kOurs + message.subject.size());
  header.field("Nats-Stream", stream).field("Nats-Subject", message.subject);
  header.field("Nats-Sequence", message.sequence.value);
  header.field("Nats-Time-Stamp", codec::rfc3339_nano(message.time));
  return header;
}

void Stream::start_reading(std::string_view reply, const DirectTerms& terms) {
  reads_.push_back(std::make_unique<DirectRead>(*this, std::string(reply), terms));
  read_soon();
}

void Stream::read_soon() {
  if (std::exchange(reads_soon_, true)) return;
  shard_.later(id(), [](Stream& stream) { stream.go_on_reading(); });
}

void Stream::go_on_reading() {
  reads_soon_ = false;
  store::Budget left = kReadBudget;
  bool more = false, slow = false;
  // In turns: those that want to go on are behind those that have not had theirs.
  for (std::size_t count = reads_.size(); count > 0 && left > 0; --count) {
    store::Budget share = std::min(left, kReadShare);
    left -= share;
    const auto progress = reads_.front()->step(share);
    left += std::max<store::Budget>(share, 0);
    std::ranges::rotate(reads_, reads_.begin() + 1);
    if (progress == DirectRead::Progress::kDone) reads_.pop_back();
    more |= progress == DirectRead::Progress::kMore;
    slow |= progress == DirectRead::Progress::kSlow;
  }
  if (more || (left <= 0 && !reads_.empty())) return read_soon();
  if (slow) shard_.timers().arm(read_timer_, shard_.now() + kReaderPause);
}

}  // namespace midge::jetstream
