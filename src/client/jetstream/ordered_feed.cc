#include "client/jetstream/ordered_feed.h"

#include <utility>

#include "client/jetstream/consumer_json.h"
#include "client/jetstream/create_consumer.h"

namespace midge::detail {
namespace {

constexpr Duration kPause = seconds(1);  // before what has failed is tried again
constexpr int kStreamNotFound = 10059;

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

Result<std::shared_ptr<OrderedFeed>> OrderedFeed::create(const OrderedConsumerState& consumer,
                                                         const ConsumeOptions& options,
                                                         FeedEvents events,
                                                         const Deadline& deadline) {
  ASSIGN_OR_RETURN(const ConsumeOptions filled, with_defaults(options));
  ConsumerConfig config = config_of(consumer.options);
  const std::string& wanted = consumer.options.name_prefix;
  const std::string prefix = wanted.empty() ? consumer.context->draw_name() : wanted;
  config.name = prefix + "_1";
  ASSIGN_OR_RETURN(const ConsumerInfo info,
                   create_consumer(*consumer.context, consumer.stream, config, "create", deadline));
  config.name = prefix;
  auto feed = std::make_shared<OrderedFeed>(consumer.context, consumer.stream, std::move(config),
                                            info, filled, std::move(events));
  TRY(feed->start());
  return feed;
}

OrderedFeed::OrderedFeed(std::shared_ptr<JetStreamContext> context, std::string stream,
                         ConsumerConfig config, const ConsumerInfo& info,
                         const ConsumeOptions& options, FeedEvents events)
    : PullFeed(std::move(context), std::move(stream), info.name, options, std::make_shared<PinId>(),
               std::move(events)),
      config_(std::move(config)),
      prefix_(config_.name),
      pending_at_start_(info.pending) {
  // What comes between this consumer and the next is new as well.
  if (config_.deliver_policy == DeliverPolicy::kNew) begin_behind(config_, info.delivered.stream);
}

bool OrderedFeed::accepts(const Delivery& delivery) {
  const auto metadata = delivery.metadata();
  if (is_renewing_ || !metadata || metadata->consumer != consumer()) return false;
  if (metadata->consumer_sequence != delivered_ + 1) {
    renew();
    return false;
  }
  ++delivered_;
  begin_behind(config_, metadata->stream_sequence);
  return true;
}

void OrderedFeed::on_lost(const Error& why, bool) {
  warn(why);
  renew();
}

void OrderedFeed::renew() {
  if (std::exchange(is_renewing_, true)) return;
  forget_pulls();
  (void)context().client().publish(
      context().subject("CONSUMER.DELETE." + stream() + "." + consumer()), "");
  ask_for_consumer();
}

void OrderedFeed::ask_for_consumer() {
  config_.name = prefix_ + "_" + std::to_string(++serial_);
  const CreateCall call = create_call(stream(), config_, "create");
  const auto self = std::static_pointer_cast<OrderedFeed>(shared_from_this());
  const std::weak_ptr<OrderedFeed> weak = self;
  auto asked = context().client().request_async(
      context().subject(call.what), call.body,
      [weak](Result<Message> answer) {
        if (const auto feed = weak.lock()) feed->on_answer(std::move(answer));
      },
      context().options().timeout);
  if (!asked) try_later(asked.error());
}

void OrderedFeed::on_answer(Result<Message> answer) {
  if (!active()) return;
  if (!answer) return try_later(answer.error());
  const auto json = read_api_answer(answer->data());
  ConsumerInfo info;
  if (!json) {
    if (json.error().err_code() == kStreamNotFound) return finish(json.error());
    return try_later(json.error());
  }
  if (auto read = codec::read_json_struct(*json, info, false); !read)
    return try_later(read.error());
  is_renewing_ = false;
  forget_pulls();
  delivered_ = 0;
  set_consumer(std::move(info.name));
  tell_renewed(info.pending);
  pull();
}

void OrderedFeed::try_later(const Error& why) {
  warn(why);
  after(kPause, [this] { ask_for_consumer(); });
}

}  // namespace midge::detail
