#include "jetstream/consumer/dead_letters.h"

#include <algorithm>
#include <charconv>

#include "codec/json_struct.h"
#include "jetstream/api/info.h"
#include "jetstream/consumer/consumer.h"
#include "jetstream/headers.h"
#include "jetstream/shard.h"
#include "jetstream/stream/stored_letter.h"
#include "jetstream/stream/stream.h"

namespace midge::jetstream {
namespace {

// Letters that may be without an answer at a time.
constexpr std::size_t kSentMax = 64;
constexpr Duration kRetryMin = seconds(1);
constexpr Duration kRetryMax = seconds(30);
constexpr Duration kAnswerMin = seconds(5);

constexpr std::string_view kPrefix = "Midge-Dead-Letter-";

struct Answer {
  std::optional<ApiError> error;
  std::string stream;
  std::uint64_t sequence = 0;
};
template <class Visitor>
void describe(Visitor& v, Answer& a) {
  v.unless_empty("error", a.error).unless_empty("stream", a.stream);
  v.unless_empty("seq", a.sequence);
}

Duration pause(unsigned attempts, Duration least) {
  return std::max(least,
                  std::min(kRetryMax, kRetryMin * (std::int64_t{1} << std::min(attempts, 6U))));
}

// What headers of the server's own words said to the first stream must not be said to the second.
HeaderWriter copied_header(std::string_view block) {
  HeaderWriter header;
  for_each_header(block, [&](std::string_view name, std::string_view value) {
    if (!name.starts_with("Nats-") && !name.starts_with(kPrefix)) header.field(name, value);
  });
  return header;
}

// A header's value has no line ends.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace_if(
      line, [](char c) { return c == '\r' || c == '\n'; }, ' ');
  return line;
}

std::string make_header(Consumer& consumer, const DeadLetter& letter,
                        const store::StoredMessage& message) {
  HeaderWriter header = copied_header(message.header);
  const auto field = [&](std::string_view name, std::string_view value) {
    header.field(std::string(kPrefix).append(name), value);
  };
  const std::string sequence = std::to_string(letter.stream.value);
  field("Stream", consumer.stream().name());
  field("Consumer", consumer.name());
  field("Sequence", sequence);
  field("Subject", message.subject);
  field("Time", codec::rfc3339_nano(message.time));
  field("Deliveries", std::to_string(letter.deliveries));
  field("Reason", to_text(letter.reason));
  if (!letter.description.empty()) field("Description", one_line(letter.description));
  field("Given-Up", codec::rfc3339_nano(letter.time));
  const std::string_view id = header_value(message.header, "Nats-Msg-Id");
  if (!id.empty()) field("Msg-Id", id);
  header.field("Nats-Msg-Id",
               dead_letter_id(consumer.stream().identity_text() + "." + consumer.name(),
                              letter.stream, letter.time));
  return header.take();
}

}  // namespace

DeadLetters::DeadLetters(Consumer& consumer) : consumer_(consumer) {}

DeadLetters::~DeadLetters() {
  if (answers_subscription_)
    consumer_.stream().shard().worker().unsubscribe_internal(*answers_subscription_);
}

std::vector<DeadLetter> DeadLetters::all() const {
  std::vector<DeadLetter> all;
  for (const auto& [sequence, letter] : letters_) all.push_back(letter.what);
  return all;
}

void DeadLetters::add(DeadLetter letter) {
  const std::uint64_t sequence = letter.stream.value;
  if (!letters_.try_emplace(sequence, Letter{std::move(letter)}).second) return;
  waiting_.push_back(sequence);
  send_soon();
}

void DeadLetters::send_soon() {
  if (std::exchange(sends_soon_, true)) return;
  Shard& shard = consumer_.stream().shard();
  shard.later(consumer_.stream().id(), [id = consumer_.id()](Stream& stream) {
    Consumer* const consumer = stream.find_consumer(id);
    if (consumer == nullptr || consumer->dead_letters() == nullptr) return;
    consumer->dead_letters()->sends_soon_ = false;
    consumer->dead_letters()->send_due();
  });
}

// ---- sending

void DeadLetters::send_due() {
  Shard& shard = consumer_.stream().shard();
  if (!answers_subscription_) {
    inbox_ = "$JS.DL." + shard.new_id() + ".";
    answers_subscription_ =
        shard.worker().subscribe_internal(consumer_.stream().account(), inbox_ + "*", {}, answers_);
  }
  while (!sent_.empty() && sent_.begin()->first <= shard.now()) {
    const auto letter = letters_.find(sent_.begin()->second);
    sent_.erase(sent_.begin());
    if (error_.empty()) complain("whoever listens there does not say that it has stored them");
    send(letter);
  }
  while (!waiting_.empty() && sent_.size() < kSentMax) {
    const auto letter = letters_.find(waiting_.front());
    waiting_.pop_front();
    if (letter != letters_.end()) send(letter);
  }
  arm_timer();
}

void DeadLetters::send(Letters::iterator letter) {
  Stream& stream = consumer_.stream();
  Shard& shard = stream.shard();
  const DeadLetter& what = letter->second.what;
  const auto again = [&](Duration after) {
    letter->second.due = shard.now() + after;
    sent_.emplace(letter->second.due, letter->first);
  };
  const std::string_view to = consumer_.config().dead_letter_subject();
  if (to.empty()) return finish(letter);  // the configuration wants them no more
  if (!shard.worker().has_interest(stream.account(), to)) {
    complain("no stream takes them");
    return again(pause(letter->second.attempts++, kRetryMin));
  }
  const auto message = stream.store().load(what.stream);
  if (!message) {
    if (message.error().code() != ErrorCode::kNotFound) {
      complain(message.error().text());
      return again(pause(letter->second.attempts++, kRetryMin));
    }
    shard.worker().log().warn("JetStream: message " + std::to_string(what.stream.value) +
                              " of stream \"" + stream.name() +
                              "\" was removed before it was stored as a dead letter");
    return finish(letter);
  }
  if (is_own(message->header)) return finish(letter);
  const std::string reply = inbox_ + std::to_string(letter->first);
  const std::string header = make_header(consumer_, what, *message);
  shard.send_when_durable(
      {stream.durable_mark(), stream.account(), to, reply, header, message->payload});
  again(pause(letter->second.attempts++, kAnswerMin));
}

bool DeadLetters::is_own(std::string_view header) const {
  if (header_value(header, "Midge-Dead-Letter-Stream") != consumer_.stream().name() ||
      header_value(header, "Midge-Dead-Letter-Consumer") != consumer_.name())
    return false;
  consumer_.stream().shard().worker().log().warn(
      "JetStream: dead letters of consumer \"" + consumer_.name() + "\" of stream \"" +
      consumer_.stream().name() + "\" come back to it: they are given up for good");
  return true;
}

// ---- answers

void DeadLetters::on_answer(const broker::Message& answer) {
  std::uint64_t sequence = 0;
  const std::string_view digits =
      answer.subject.substr(std::min(inbox_.size(), answer.subject.size()));
  (void)std::from_chars(digits.data(), digits.data() + digits.size(), sequence);
  const auto letter = letters_.find(sequence);
  if (letter == letters_.end()) return;
  Answer told;
  const bool is_ack = codec::read_json_struct(answer.body(), told, false).has_value();
  if (is_ack && !told.error && !told.stream.empty() && told.sequence > 0) {
    sent_.erase({letter->second.due, sequence});
    finish(letter);
    return send_soon();
  }
  // Whoever else answers has not stored it.
  if (!is_ack || !told.error) return;
  complain(told.error->description);
  sent_.erase({letter->second.due, sequence});
  letter->second.due = consumer_.stream().shard().now() + pause(letter->second.attempts, kRetryMin);
  sent_.emplace(letter->second.due, sequence);
  arm_timer();
}

void DeadLetters::finish(Letters::iterator letter) {
  const store::Sequence sequence = letter->second.what.stream;
  letters_.erase(letter);
  if (letters_.empty()) error_.clear();
  consumer_.buried(sequence);
}

void DeadLetters::complain(std::string error) {
  if (error_ == error) return;
  error_ = std::move(error);
  consumer_.stream().shard().worker().log().warn(
      "JetStream: dead letters of consumer \"" + consumer_.name() + "\" of stream \"" +
      consumer_.stream().name() + "\" wait, as \"" +
      std::string(consumer_.config().dead_letter_subject()) + "\" does not take them: " + error_);
}

void DeadLetters::arm_timer() {
  Shard& shard = consumer_.stream().shard();
  if (!sent_.empty()) shard.timers().arm(timer_, sent_.begin()->first);
}

}  // namespace midge::jetstream
