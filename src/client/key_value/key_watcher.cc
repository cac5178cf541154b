// Watches of keys: ordered consumers of the bucket's stream.
#include <utility>

#include "client/jetstream/consumption_state.h"
#include "client/jetstream/delivery_queue.h"
#include "client/jetstream/ordered_feed.h"
#include "client/jetstream/watch_events.h"
#include "client/key_value/bucket.h"
#include "client/patience.h"

namespace midge {

using detail::BucketState;
using detail::DeliveryQueue;
using detail::FeedEvents;
using detail::OrderedFeed;

// The feed ends with the last handle.
struct KeyWatcher::State {
  State(std::shared_ptr<BucketState> its_bucket, bool ignores,
        std::shared_ptr<OrderedFeed> its_feed, std::shared_ptr<DeliveryQueue> its_queue)
      : bucket(std::move(its_bucket)),
        ignore_deletes(ignores),
        feed(std::move(its_feed)),
        queue(std::move(its_queue)) {}
  ~State() { feed->stop(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const std::shared_ptr<BucketState> bucket;
  const bool ignore_deletes;
  const std::shared_ptr<OrderedFeed> feed;
  const std::shared_ptr<DeliveryQueue> queue;  // a delivery of nothing stands for the end of what
                                               // was there
};

namespace {

Result<OrderedConsumerOptions> options_of(const BucketState& bucket,
                                          const std::vector<std::string>& keys,
                                          const WatchOptions& watch) {
  if (watch.updates_only && (watch.include_history || watch.from_revision > 0))
    return failure("a watch of updates only has no past", ErrorCode::kInvalid);
  OrderedConsumerOptions options;
  options.headers_only = watch.metadata_only;
  options.deliver_policy = watch.updates_only        ? DeliverPolicy::kNew
                           : watch.from_revision > 0 ? DeliverPolicy::kByStartSequence
                           : watch.include_history   ? DeliverPolicy::kAll
                                                     : DeliverPolicy::kLastPerSubject;
  options.start_sequence = watch.from_revision;
  for (const std::string& key : keys) {
    TRY(detail::check_key_filter(key));
    options.filter_subjects.push_back(bucket.prefix + key);
  }
  if (keys.empty()) options.filter_subjects.push_back(bucket.prefix + ">");
  return options;
}

Result<std::shared_ptr<OrderedFeed>> start(const BucketState& bucket,
                                           const std::vector<std::string>& keys,
                                           const WatchOptions& watch, FeedEvents events,
                                           const Deadline& deadline) {
  ASSIGN_OR_RETURN(OrderedConsumerOptions options, options_of(bucket, keys, watch));
  const detail::OrderedConsumerState consumer{bucket.context, bucket.stream.name(),
                                              std::move(options)};
  return OrderedFeed::create(consumer, ConsumeOptions{}, std::move(events), deadline);
}

bool is_deleted(const KeyValueEntry& entry) { return entry.operation != KeyOperation::kPut; }

}  // namespace

Result<std::optional<KeyValueEntry>> KeyWatcher::next(Deadline deadline) {
  if (!state_) return failure("there is no such watch", ErrorCode::kClosed);
  const MonoTime end = io::Monitor::now() + detail::duration_of(deadline.timeout);
  while (true) {
    ASSIGN_OR_RETURN(const Delivery delivery,
                     state_->queue->take(deadline, state_->feed->may_wait()));
    if (delivery.subject().empty()) return std::optional<KeyValueEntry>();
    state_->feed->release(delivery);
    ASSIGN_OR_RETURN(KeyValueEntry entry, detail::entry_of(*state_->bucket, delivery));
    if (!state_->ignore_deletes || !is_deleted(entry)) return std::optional(std::move(entry));
    deadline.timeout = Timeout((end - io::Monitor::now()).ns);
  }
}

void KeyWatcher::stop() {
  if (!state_) return;
  state_->feed->stop();
  state_->queue->end(Error("it was stopped", ErrorCode::kClosed));
  state_->queue->clear();
}

Result<KeyWatcher> KeyValue::watch(std::vector<std::string> keys, WatchOptions options,
                                   Deadline deadline) const {
  const auto queue = std::make_shared<DeliveryQueue>();
  FeedEvents events =
      detail::watch_events([queue](const Delivery& delivery) { queue->put(delivery); }, true);
  events.end = [queue](const Error& why) { queue->end(why); };
  ASSIGN_OR_RETURN(auto feed, start(*state_, keys, options, std::move(events), deadline));
  return KeyWatcher(
      std::make_shared<KeyWatcher::State>(state_, options.ignore_deletes, std::move(feed), queue));
}

Result<Consumption> KeyValue::watch(std::vector<std::string> keys, OnEntry callback,
                                    WatchOptions options, Deadline deadline) const {
  if (!callback) return failure("there is no callback", ErrorCode::kInvalid);
  const auto tell = [bucket = state_, callback = std::move(callback),
                     ignore_deletes = options.ignore_deletes](const Delivery& delivery) {
    if (delivery.subject().empty()) return callback(std::nullopt);
    const auto entry = detail::entry_of(*bucket, delivery);
    if (entry && (!ignore_deletes || !is_deleted(*entry))) callback(*entry);
  };
  ASSIGN_OR_RETURN(auto feed,
                   start(*state_, keys, options, detail::watch_events(tell, false), deadline));
  return Consumption(std::make_shared<Consumption::State>(std::move(feed)));
}

}  // namespace midge
