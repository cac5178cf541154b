#include "jetstream/archive/restore_target.h"

#include <algorithm>

#include "jetstream/advisory.h"
#include "jetstream/config/consumer_checks.h"
#include "jetstream/headers.h"
#include "jetstream/jetstream.h"
#include "jetstream/shard.h"
#include "jetstream/stream/message_ttl.h"
#include "subject/subject.h"

namespace midge::jetstream {
namespace {

using enum ApiErrorCode;

// So that the next ones can be counted.
constexpr std::uint64_t kSequenceMax = INT64_MAX;

ApiError no_room(Storage storage) {
  return api_error(storage == Storage::kMemory ? kMemoryResourcesExceeded
                                               : kStorageResourcesExceeded);
}

}  // namespace

ApiError restore_error(std::string_view text) { return api_error(kStreamRestore, {text}); }

ApiResult<void> RestoreTarget::begin(Sequence first, std::uint64_t bytes) {
  if (first.value > kSequenceMax || first.value < config_.first_sequence)
    return restore_failure("invalid stream state: inconsistent message count or sequence range");
  stream_ = &shard_.begin_restore(identity_, config_);
  stream_->store().skip_to(first);
  shard_.touched(*stream_);
  if (bytes > INT64_MAX || stream_->check_room(bytes))
    return std::unexpected(no_room(config_.storage));
  return {};
}

ApiResult<void> RestoreTarget::check_message(std::uint64_t sequence, std::uint64_t header_size,
                                             std::uint64_t payload_size) const {
  const std::uint64_t size = header_size + payload_size;
  const std::string name = "message sequence " + std::to_string(sequence);
  const std::int64_t payload_max = shard_.worker().config().parser.max_payload;
  if (payload_max >= 0 && size > static_cast<std::uint64_t>(payload_max))
    return restore_failure(name + " exceeds maximum payload size");
  if (config_.max_message_size >= 0 && size > static_cast<std::uint64_t>(config_.max_message_size))
    return restore_failure(name + " exceeds maximum message size");
  return {};
}

ApiResult<void> RestoreTarget::add_message(Sequence sequence, const store::NewMessage& message,
                                           WallTime gone) {
  const auto name = [&] { return "message sequence " + std::to_string(sequence.value); };
  if (sequence <= stream_->store().figures().last || sequence.value > kSequenceMax)
    return restore_failure(name() + " out of order");
  if (!subject::is_valid_literal(message.subject))
    return restore_failure("failed to store " + name() + ": invalid subject");
  if (stream_->check_room(stream_->stored_size(message.subject.size(),
                                               message.header.size() + message.payload.size())))
    return std::unexpected(no_room(config_.storage));
  if (const std::string_view ttl = header_value(message.header, "Nats-TTL"); !ttl.empty()) {
    const auto stays = parse_ttl(ttl);
    if (!stays)
      return restore_failure("failed to parse message TTL: invalid per-message TTL (10165)");
    // Its time is over; its sequence stays given.
    if (stays->ns > 0 && expiry_of(message.time, *stays) < shard_.wall()) {
      stream_->store().skip_to(sequence + 1, gone);
      return {};
    }
  }
  stream_->restore_message(sequence, message);
  return {};
}

void RestoreTarget::remove_before(Sequence first) {
  // Of those that are there: the stream goes on behind its last one.
  const store::StreamFigures& figures = stream_->store().figures();
  stream_->store().remove_front(std::min(first, figures.last + 1));
}

ApiResult<void> RestoreTarget::add_consumer(ArchivedConsumer consumer, std::string_view name) {
  const auto failed = [&](std::string_view text) {
    return restore_failure("failed to add consumer \"" + std::string(name) +
                           "\": " + std::string(text));
  };
  if (consumer.config.name.empty()) consumer.config.name = name;
  const Settings& settings = shard_.jetstream().settings();
  AccountLimits limits;
  limits.max_ack_pending = identity_.usage->max_ack_pending;
  auto checked =
      check_consumer(std::move(consumer.config), config_, settings.limits, limits, false);
  if (!checked)
    return failed(checked.error().description + " (" + std::to_string(checked.error().err_code) +
                  ")");
  consumer.config = std::move(*checked);
  const auto is_same = [&](const ArchivedConsumer& other) {
    return other.config.name == consumer.config.name;
  };
  if (std::ranges::any_of(consumers_, is_same)) return failed("consumer already exists");
  consumers_.push_back(std::move(consumer));
  return {};
}

ApiResult<void> RestoreTarget::complete(Sequence last, WallTime last_time) {
  if (last.value > kSequenceMax)
    return restore_failure("invalid stream state: inconsistent message count or sequence range");
  if (last > stream_->store().figures().last) stream_->store().skip_to(last + 1, last_time);
  for (ArchivedConsumer& consumer : consumers_) {
    const WallTime since = consumer.created == codec::kNoTime ? shard_.wall() : consumer.created;
    stream_->restore_consumer(std::move(consumer.config), since, std::move(consumer.progress));
  }
  consumers_.clear();
  shard_.complete_restore(*stream_);
  return {};
}

void RestoreTarget::take_back() {
  if (stream_ != nullptr) shard_.delete_stream(*stream_);
  stream_ = nullptr;
}

}  // namespace midge::jetstream
