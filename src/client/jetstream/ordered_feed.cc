#include "client/jetstream/ordered_feed.h"

#include <utility>

#include "client/jetstream/consumer_json.h"
#include "client/jetstream/create_consumer.h"

namespace midge::detail {
namespace {

constexpr Duration kPause = seconds(1);  // before what has failed is tried again

}  // namespace

Result<std::shared_ptr<OrderedFeed>> OrderedFeed::create(const OrderedConsumerState& consumer,
                                                         const ConsumeOptions& options,
                                                         FeedEvents events,
                                                         const Deadline& deadline) {
  ASSIGN_OR_RETURN(const ConsumeOptions filled, with_defaults(options));
  OrderedCursor cursor(consumer.options, consumer.prefix, consumer.serial);
  ASSIGN_OR_RETURN(const ConsumerInfo info,
                   create_consumer(*consumer.context, consumer.stream, cursor.next_config(),
                                   "create", deadline));
  cursor.begin(info);
  auto feed = std::make_shared<OrderedFeed>(consumer.context, consumer.stream, std::move(cursor),
                                            info.pending, filled, std::move(events));
  TRY(feed->start());
  return feed;
}

OrderedFeed::OrderedFeed(std::shared_ptr<JetStreamContext> context, std::string stream,
                         OrderedCursor cursor, std::uint64_t pending, const ConsumeOptions& options,
                         FeedEvents events)
    : PullFeed(std::move(context), std::move(stream), cursor.consumer(), options,
               std::make_shared<PinId>(), std::move(events)),
      cursor_(std::move(cursor)),
      pending_at_start_(pending) {}

bool OrderedFeed::accepts(const Delivery& delivery) {
  if (is_renewing_) return false;
  const OrderedCursor::Verdict verdict = cursor_.take(delivery);
  if (verdict == OrderedCursor::Verdict::kGap) renew();
  return verdict == OrderedCursor::Verdict::kNext;
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
  const CreateCall call = create_call(stream(), cursor_.next_config(), "create");
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
  cursor_.begin(info);
  set_consumer(cursor_.consumer());
  tell_renewed(info.pending);
  pull();
}

void OrderedFeed::try_later(const Error& why) {
  warn(why);
  after(kPause, [this] { ask_for_consumer(); });
}

}  // namespace midge::detail
