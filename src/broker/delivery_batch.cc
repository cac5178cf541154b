#include "broker/delivery_batch.h"

#include <algorithm>
#include <cstring>

#include "broker/worker.h"

namespace midge::broker {

void DeliveryBatch::add(const Message& message, std::span<const subject::Target> targets) {
  append(message, {}, targets, {}, 0);
}

void DeliveryBatch::add_queue(const Message& message, std::string_view queue,
                              subject::Target member, Origin origin, unsigned hops) {
  append(message, queue, {&member, 1}, origin, hops);
}

void DeliveryBatch::add_response(std::string_view to, const Message& message, Origin origin) {
  append(message, to, {}, origin, 0, true);
}

void DeliveryBatch::append(const Message& message, std::string_view queue,
                           std::span<const subject::Target> targets, Origin origin, unsigned hops,
                           bool is_response) {
  const bool by_reference = message.block != nullptr && message.payload.size() > kInlineMax;
  const bool same_targets = std::ranges::equal(targets, last_targets_) && !buffer_.empty();
  const std::size_t text = message.subject.size() + message.reply.size() + queue.size() +
                           (by_reference ? 0 : message.payload.size());
  const std::size_t list = same_targets ? 0 : targets.size() * sizeof(subject::Target);
  const std::size_t size = sizeof(Record) + (text + 7) / 8 * 8 + list;

  Record record{};
  record.size = static_cast<std::uint32_t>(size);
  record.subject_size = static_cast<std::uint32_t>(message.subject.size());
  record.reply_size = static_cast<std::uint32_t>(message.reply.size());
  record.queue_size = static_cast<std::uint32_t>(queue.size());
  record.header_size = message.header_size;
  record.payload_size = static_cast<std::uint32_t>(message.payload.size());
  record.block = by_reference ? static_cast<std::uint32_t>(references_.size()) : kInline;
  record.target_count = same_targets ? kSameTargets : static_cast<std::uint32_t>(targets.size());
  record.origin_cid = origin.cid;
  record.origin_loop = origin.loop.value;
  record.account = message.account.value;
  record.flags =
      static_cast<std::uint8_t>((origin.wants_answer ? kWantsAnswer : 0) |
                                (origin.echo ? kEcho : 0) | (is_response ? kResponse : 0));
  record.hops = static_cast<std::uint8_t>(hops);

  char* at = buffer_.extend(size);
  char* const list_at = at + size - list;
  const auto put = [&at](const void* bytes, std::size_t count) {
    if (count == 0) return;  // an empty view may be null, which memcpy() must not see
    std::memcpy(at, bytes, count);
    at += count;
  };
  put(&record, sizeof record);
  put(message.subject.data(), message.subject.size());
  put(message.reply.data(), message.reply.size());
  put(queue.data(), queue.size());
  if (by_reference) {
    references_.push_back({message.payload.data(), *message.block});
    block_bytes_ += message.payload.size();
  } else {
    put(message.payload.data(), message.payload.size());
  }
  if (!same_targets) {
    if (list > 0) std::memcpy(list_at, targets.data(), list);
    last_targets_.assign(targets.begin(), targets.end());
  }
}

void DeliveryBatch::arrive(io::LoopHandler& handler) {
  auto& worker = static_cast<Worker&>(handler);
  if (leg_) return worker.deliver_traced_batch(*this, std::move(leg_));
  worker.deliver_batch(*this);
}

}  // namespace midge::broker
