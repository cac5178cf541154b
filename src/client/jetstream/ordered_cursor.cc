#include "client/jetstream/ordered_cursor.h"

#include <utility>

namespace midge::detail {
namespace {

ConsumerConfig config_of(const OrderedConsumerOptions& options) {
  ConsumerConfig config{
      .deliver_policy = options.deliver_policy,
      .start_sequence = options.start_sequence,
      .start_time = options.start_time,
      .ack_policy = AckPolicy::kNone,
      .max_deliver = 1,
      .replay_policy = options.replay_policy,
      .headers_only = options.headers_only,
      .inactive_threshold = options.inactive_threshold,
      .replicas = 1,
      .memory_storage = true,
      .metadata = options.metadata,
  };
  if (options.filter_subjects.size() == 1)
    config.filter_subject = options.filter_subjects.front();
  else
    config.filter_subjects = options.filter_subjects;
  return config;
}

void begin_behind(ConsumerConfig& config, std::uint64_t sequence) {
  config.deliver_policy = DeliverPolicy::kByStartSequence;
  config.start_sequence = sequence + 1;
  config.start_time.reset();
}

}  // namespace

OrderedCursor::OrderedCursor(const OrderedConsumerOptions& options, std::string prefix,
                             std::shared_ptr<std::atomic<std::uint64_t>> serial)
    : config_(config_of(options)), prefix_(std::move(prefix)), serial_(std::move(serial)) {}

ConsumerConfig OrderedCursor::next_config() {
  config_.name = prefix_ + "_" + std::to_string(++*serial_);
  return config_;
}

void OrderedCursor::begin(const ConsumerInfo& info) {
  consumer_ = info.name;
  delivered_ = 0;
  // What comes between this consumer and the next is new as well.
  if (config_.deliver_policy == DeliverPolicy::kNew) begin_behind(config_, info.delivered.stream);
}

OrderedCursor::Verdict OrderedCursor::take(const Delivery& delivery) {
  const auto metadata = delivery.metadata();
  if (!metadata || metadata->consumer != consumer_) return Verdict::kStale;
  if (metadata->consumer_sequence != delivered_ + 1) return Verdict::kGap;
  ++delivered_;
  begin_behind(config_, metadata->stream_sequence);
  return Verdict::kNext;
}

}  // namespace midge::detail
