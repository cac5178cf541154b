#include "jetstream/consumer/consumer_step.h"

#include <cstring>

namespace midge::jetstream {
namespace {

constexpr std::size_t kSize = 1 + 3 * 8;

}  // namespace

void ConsumerStep::encode(std::string& into) const {
  char bytes[kSize];
  bytes[0] = static_cast<char>(kind);
  std::memcpy(bytes + 1, &stream.value, 8);
  std::memcpy(bytes + 9, &consumer.value, 8);
  std::memcpy(bytes + 17, &time.ns, 8);
  into.append(bytes, kSize);
}

Result<ConsumerStep> ConsumerStep::decode(std::string_view& body) {
  ConsumerStep step;
  if (body.size() < kSize || body[0] < 1 || body[0] > static_cast<char>(Kind::kAckedAll))
    return failure("a consumer's step is malformed", ErrorCode::kInvalid);
  step.kind = static_cast<Kind>(body[0]);
  std::memcpy(&step.stream.value, body.data() + 1, 8);
  std::memcpy(&step.consumer.value, body.data() + 9, 8);
  std::memcpy(&step.time.ns, body.data() + 17, 8);
  body.remove_prefix(kSize);
  return step;
}

void ConsumerProgress::apply(const ConsumerStep& step) {
  switch (step.kind) {
    case ConsumerStep::Kind::kBegin:
      acks.reset(step.stream - 1);
      next = began_at = step.stream;
      snapshot = {step.consumer.value};
      return;
    case ConsumerStep::Kind::kDelivered:
    case ConsumerStep::Kind::kDeliveredUntracked:
      if (step.stream <= acks.delivered().stream) return;
      // Whatever was not acknowledged is due at once: who had it may be gone with the restart.
      acks.deliver(step.stream, step.time, step.time, step.kind == ConsumerStep::Kind::kDelivered);
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
  }
}

}  // namespace midge::jetstream
