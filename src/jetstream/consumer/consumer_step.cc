#include "jetstream/consumer/consumer_step.h"

#include <algorithm>
#include <cstring>

#include "store/fields.h"

namespace midge::jetstream {
namespace {

constexpr std::size_t kSize = 1 + 3 * 8;
constexpr std::size_t kTextMax = UINT16_MAX;
constexpr std::uint64_t kReasons = 256;

DeadLetter letter_of(const ConsumerStep& step) {
  return {step.stream, static_cast<std::uint32_t>(step.consumer.value / kReasons),
          static_cast<DeadLetter::Reason>(step.consumer.value % kReasons), step.time,
          std::string(step.text)};
}

}  // namespace

ConsumerStep ConsumerStep::given_up(const DeadLetter& letter) {
  return {Kind::kGivenUp,
          letter.stream,
          {letter.deliveries * kReasons + static_cast<std::uint64_t>(letter.reason)},
          letter.time,
          std::string_view(letter.description).substr(0, kTextMax)};
}

void ConsumerStep::encode(std::string& into) const {
  char bytes[kSize];
  bytes[0] = static_cast<char>(kind);
  std::memcpy(bytes + 1, &stream.value, 8);
  std::memcpy(bytes + 9, &consumer.value, 8);
  std::memcpy(bytes + 17, &time.ns, 8);
  into.append(bytes, kSize);
  if (kind != Kind::kGivenUp) return;
  const auto length = static_cast<std::uint16_t>(text.size());
  into.append(reinterpret_cast<const char*>(&length), sizeof length).append(text);
}

Result<ConsumerStep> ConsumerStep::decode(std::string_view& body) {
  ConsumerStep step;
  const auto malformed = [] {
    return failure("a consumer's step is malformed", ErrorCode::kInvalid);
  };
  if (body.size() < kSize || body[0] < 1 || body[0] > static_cast<char>(Kind::kBuried))
    return malformed();
  step.kind = static_cast<Kind>(body[0]);
  std::memcpy(&step.stream.value, body.data() + 1, 8);
  std::memcpy(&step.consumer.value, body.data() + 9, 8);
  std::memcpy(&step.time.ns, body.data() + 17, 8);
  body.remove_prefix(kSize);
  if (step.kind != Kind::kGivenUp) return step;
  std::uint16_t length = 0;
  if (body.size() < sizeof length) return malformed();
  std::memcpy(&length, body.data(), sizeof length);
  body.remove_prefix(sizeof length);
  if (body.size() < length) return malformed();
  step.text = body.substr(0, length);
  body.remove_prefix(length);
  return step;
}

void ConsumerProgress::apply(const ConsumerStep& step) {
  switch (step.kind) {
    case ConsumerStep::Kind::kBegin:
      acks.reset(step.stream - 1);
      next = began_at = step.stream;
      snapshot = {step.consumer.value};
      return;
    case ConsumerStep::Kind::kDeliveredUntracked:
      if (step.stream <= acks.delivered().stream) return;
      acks.pass({step.consumer, step.stream});
      next = std::max(next, step.stream + 1);
      return;
    case ConsumerStep::Kind::kDelivered:
      if (step.stream <= acks.delivered().stream) return;
      // Whatever was not acknowledged is due at once: who had it may be gone with the restart.
      acks.deliver(step.stream, step.time, step.time, true);
      next = std::max(next, step.stream + 1);
      return;
    case ConsumerStep::Kind::kRedelivered:
      if (acks.find(step.stream) != nullptr) acks.redeliver(step.stream, step.time, step.time);
      return;
    case ConsumerStep::Kind::kAcked:
      acks.ack(step.stream);
      return;
    case ConsumerStep::Kind::kAckedAll:
      acks.ack_all(step.stream);
      return;
    case ConsumerStep::Kind::kGivenUp:
      acks.give_up(step.stream);
      letters.push_back(letter_of(step));
      return;
    case ConsumerStep::Kind::kBuried:
      std::erase_if(letters,
                    [&](const DeadLetter& letter) { return letter.stream == step.stream; });
      return;
  }
}

void ConsumerProgress::encode(std::string& into) const {
  for (const std::uint64_t number :
       {acks.delivered().consumer.value, acks.delivered().stream.value, acks.floor().consumer.value,
        acks.floor().stream.value, next.value, began_at.value, snapshot.value,
        std::uint64_t{letters.size()}})
    store::add_field(into, number);
  for (const DeadLetter& letter : letters) {
    std::string step;
    ConsumerStep::given_up(letter).encode(step);
    store::add_field(into, std::uint64_t{step.size()});
    into.append(step);
  }
  acks.for_each_pending([&](const PendingMessage& message) {
    store::add_field(into, message.stream.value);
    store::add_field(into, message.consumer.value);
    store::add_field(into, message.delivered.ns);
    store::add_field(into, std::uint64_t{message.deliveries});
  });
}

Result<ConsumerProgress> ConsumerProgress::decode(std::string_view body) {
  store::FieldReader fields(body);
  const auto number = [&] { return fields.number<std::uint64_t>(); };
  ConsumerProgress progress;
  Positions delivered, floor;
  delivered.consumer = {number()};
  delivered.stream = {number()};
  floor.consumer = {number()};
  floor.stream = {number()};
  progress.next = {number()};
  progress.began_at = {number()};
  progress.snapshot = {number()};
  progress.acks.restore(delivered, floor);
  for (std::uint64_t left = number(); left > 0 && !fields.failed(); --left) {
    std::string_view bytes = fields.text(number());
    ASSIGN_OR_RETURN(const ConsumerStep step, ConsumerStep::decode(bytes));
    progress.letters.push_back(letter_of(step));
  }
  Sequence before;
  while (!fields.at_end()) {
    PendingMessage message;
    message.stream = {number()};
    message.consumer = {number()};
    message.delivered = message.deadline = WallTime{fields.number<std::int64_t>()};
    message.deliveries = static_cast<std::uint32_t>(number());
    if (fields.failed() || message.stream <= before || message.stream > delivered.stream) break;
    before = message.stream;
    message.state = PendingMessage::State::kPending;
    progress.acks.restore(message);
  }
  if (!fields.at_end() || fields.failed())
    return failure("a consumer's state is malformed", ErrorCode::kInvalid);
  return progress;
}

}  // namespace midge::jetstream
