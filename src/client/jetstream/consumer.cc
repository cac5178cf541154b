#include "midge/consumer.h"

#include <utility>

#include "client/jetstream/consumer_json.h"
#include "client/jetstream/consumption_state.h"
#include "client/jetstream/delivery_queue.h"
#include "client/jetstream/fetch.h"
#include "client/jetstream/ordered_feed.h"
#include "client/jetstream/ordered_fetcher.h"
#include "client/jetstream/pull_feed.h"
#include "client/jetstream/push_feed.h"
#include "client/jetstream/stream_state.h"

namespace midge {

using detail::Feed;
using detail::FeedEvents;
using detail::PullFeed;

// The feed ends with the last handle.
struct Messages::State {
  State(std::shared_ptr<Feed> its_feed, std::shared_ptr<detail::DeliveryQueue> its_queue)
      : feed(std::move(its_feed)), queue(std::move(its_queue)) {}
  ~State() { feed->stop(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  const std::shared_ptr<Feed> feed;
  const std::shared_ptr<detail::DeliveryQueue> queue;
};

namespace {

std::unexpected<Error> no_consumption() {
  return failure("there is no such consumption", ErrorCode::kClosed);
}

// `options`: ConsumeOptions or PushOptions.
template <class Options>
FeedEvents events_of(Consumption::Callback callback, const Options& options) {
  return {.deliver = std::move(callback),
          .holds = false,
          .warn = options.on_warning,
          .end = options.on_end,
          .renewed = nullptr};
}

template <class Options>
FeedEvents events_of(const std::shared_ptr<detail::DeliveryQueue>& queue, const Options& options) {
  return {.deliver = [queue](const Delivery& delivery) { queue->put(delivery); },
          .holds = true,
          .warn = options.on_warning,
          .end =
              [queue, told = options.on_end](const Error& why) {
                queue->end(why);
                if (told) told(why);
              },
          .renewed = nullptr};
}

Result<Delivery> first_of(Result<std::vector<Delivery>> fetched) {
  if (!fetched) return std::move(fetched).error();
  if (fetched->empty()) return failure("timeout", ErrorCode::kTimeout);
  return std::move(fetched->front());
}

}  // namespace

void Consumption::stop() {
  if (state_) state_->feed->stop();
}

bool Consumption::active() const { return state_ && state_->feed->active(); }

Result<Delivery> Messages::next(Deadline deadline) {
  if (!state_) return no_consumption();
  auto delivery = state_->queue->take(deadline, state_->feed->may_wait());
  if (delivery) state_->feed->release(*delivery);
  return delivery;
}

void Messages::stop() {
  if (!state_) return;
  drain();
  state_->queue->clear();
}

void Messages::drain() {
  if (!state_) return;
  state_->feed->stop();
  state_->queue->end(Error("it was stopped", ErrorCode::kClosed));
}

bool Messages::active() const { return state_ && state_->feed->active(); }

const std::string& Consumer::name() const { return state_->info.name; }

const std::string& Consumer::stream() const { return state_->info.stream; }

const ConsumerInfo& Consumer::cached_info() const { return state_->info; }

Result<ConsumerInfo> Consumer::info(Deadline deadline) const {
  return state_->context->ask_for<ConsumerInfo>("CONSUMER.INFO." + stream() + "." + name(), "",
                                                deadline);
}

Result<std::shared_ptr<PullFeed>> Consumer::start_feed(const ConsumeOptions& options,
                                                       FeedEvents events) const {
  ASSIGN_OR_RETURN(const ConsumeOptions filled, detail::with_defaults(options));
  auto feed = std::make_shared<PullFeed>(state_->context, stream(), name(), filled, state_->pin,
                                         std::move(events));
  TRY(feed->start());
  return feed;
}

Result<Consumption> Consumer::consume(Consumption::Callback callback,
                                      ConsumeOptions options) const {
  if (!callback) return failure("there is no callback", ErrorCode::kInvalid);
  ASSIGN_OR_RETURN(auto feed, start_feed(options, events_of(std::move(callback), options)));
  return Consumption(std::make_shared<Consumption::State>(std::move(feed)));
}

Result<Messages> Consumer::messages(ConsumeOptions options) const {
  const auto queue = std::make_shared<detail::DeliveryQueue>();
  ASSIGN_OR_RETURN(auto feed, start_feed(options, events_of(queue, options)));
  return Messages(std::make_shared<Messages::State>(std::move(feed), queue));
}

Result<std::vector<Delivery>> Consumer::fetch(FetchOptions options, Deadline deadline) const {
  return detail::fetch(*state_, options, deadline);
}

Result<std::vector<Delivery>> Consumer::fetch(std::size_t max_messages, Deadline deadline) const {
  return fetch(FetchOptions{.max_messages = max_messages}, std::move(deadline));
}

Result<Delivery> Consumer::next(Deadline deadline) const {
  return first_of(fetch(1, std::move(deadline)));
}

Result<std::shared_ptr<Feed>> Consumer::start_push(FeedEvents events) const {
  const ConsumerConfig& config = state_->info.config;
  if (config.deliver_subject.empty()) return failure("it is no push consumer", ErrorCode::kInvalid);
  auto feed = std::make_shared<detail::PushFeed>(state_->context, config, std::move(events));
  TRY(feed->start());
  return std::shared_ptr<Feed>(std::move(feed));
}

Result<Consumption> Consumer::subscribe(Consumption::Callback callback, PushOptions options) const {
  if (!callback) return failure("there is no callback", ErrorCode::kInvalid);
  const AckPolicy policy = state_->info.config.ack_policy;
  if (options.auto_ack && policy != AckPolicy::kNone && policy != AckPolicy::kFlowControl)
    callback = [handle = std::move(callback)](const Delivery& delivery) {
      handle(delivery);
      (void)delivery.ack();
    };
  ASSIGN_OR_RETURN(auto feed, start_push(events_of(std::move(callback), options)));
  return Consumption(std::make_shared<Consumption::State>(std::move(feed)));
}

Result<Messages> Consumer::subscribe(PushOptions options) const {
  if (options.auto_ack)
    return failure("messages that are taken are acked by whoever takes them", ErrorCode::kInvalid);
  const auto queue = std::make_shared<detail::DeliveryQueue>();
  ASSIGN_OR_RETURN(auto feed, start_push(events_of(queue, options)));
  return Messages(std::make_shared<Messages::State>(std::move(feed), queue));
}

Result<Consumption> OrderedConsumer::consume(Consumption::Callback callback, ConsumeOptions options,
                                             Deadline deadline) const {
  if (!callback) return failure("there is no callback", ErrorCode::kInvalid);
  ASSIGN_OR_RETURN(auto feed,
                   detail::OrderedFeed::create(*state_, options,
                                               events_of(std::move(callback), options), deadline));
  return Consumption(std::make_shared<Consumption::State>(std::move(feed)));
}

Result<Messages> OrderedConsumer::messages(ConsumeOptions options, Deadline deadline) const {
  const auto queue = std::make_shared<detail::DeliveryQueue>();
  ASSIGN_OR_RETURN(auto feed, detail::OrderedFeed::create(*state_, options,
                                                          events_of(queue, options), deadline));
  return Messages(std::make_shared<Messages::State>(std::move(feed), queue));
}

Result<std::vector<Delivery>> OrderedConsumer::fetch(FetchOptions options,
                                                     Deadline deadline) const {
  return state_->fetcher->fetch(options, deadline);
}

Result<std::vector<Delivery>> OrderedConsumer::fetch(std::size_t max_messages,
                                                     Deadline deadline) const {
  return fetch(FetchOptions{.max_messages = max_messages}, std::move(deadline));
}

Result<Delivery> OrderedConsumer::next(Deadline deadline) const {
  return first_of(fetch(1, std::move(deadline)));
}

}  // namespace midge
