#include "client/jetstream/ordered_fetcher.h"

#include <algorithm>
#include <utility>

#include "client/awaited.h"
#include "client/jetstream/create_consumer.h"
#include "client/jetstream/fetch.h"

namespace midge::detail {
namespace {

constexpr Timeout kPause{milliseconds(250).ns};  // before what has failed is tried again

// What another consumer would not mend.
bool is_final(const Error& why) {
  return why.err_code() == kStreamNotFound || why.code() == ErrorCode::kInvalid ||
         why.code() == ErrorCode::kCancelled || why.code() == ErrorCode::kClosed;
}

// Errors: kTimeout: the deadline is over before the pause is; kCancelled.
Result<void> pause(const Deadline& left) {
  Awaited<bool> never;
  std::optional<Error> over;
  (void)never.wait({std::min(kPause, left.timeout), left.stop}, over);
  if (over->code() == ErrorCode::kTimeout && left.timeout > kPause) return {};
  return *std::move(over);
}

}  // namespace

OrderedFetcher::OrderedFetcher(const OrderedConsumerState& consumer)
    : context_(consumer.context),
      stream_(consumer.stream),
      cursor_(consumer.options, consumer.prefix, consumer.serial) {}

Result<std::vector<Delivery>> OrderedFetcher::fetch(const FetchOptions& options,
                                                    const Deadline& deadline) {
  if (!options.priority.group.empty())
    return failure("an ordered consumer has no groups", ErrorCode::kInvalid);
  if (busy_.exchange(true))
    return failure("another fetch of this consumer is under way", ErrorCode::kInvalid);
  auto all = fetch_on(options, deadline);
  busy_ = false;
  return all;
}

Result<std::vector<Delivery>> OrderedFetcher::fetch_on(const FetchOptions& options,
                                                       const Deadline& deadline) {
  const Remaining left(deadline);
  while (true) {
    auto some = try_once(options, left());
    if (some || is_final(some.error())) return some;
    if (!pause(left())) return some;
  }
}

Result<std::vector<Delivery>> OrderedFetcher::try_once(const FetchOptions& options,
                                                       const Deadline& deadline) {
  const Remaining left(deadline);
  if (!has_consumer_) {
    ASSIGN_OR_RETURN(const ConsumerInfo info,
                     create_consumer(*context_, stream_, cursor_.next_config(), "create", left()));
    cursor_.begin(info);
    has_consumer_ = true;
  }
  std::vector<Delivery> all;
  PinId none;
  const std::uint64_t reconnects = context_->connection()->figures().reconnects;
  const auto ended =
      fetch_into(all, {*context_, stream_, cursor_.consumer(), none}, options, left());
  if (!ended && ended.error().code() == ErrorCode::kInvalid) return ended.error();
  const auto gap = std::ranges::find_if(all, [this](const Delivery& delivery) {
    return cursor_.take(delivery) != OrderedCursor::Verdict::kNext;
  });
  const bool has_gap = gap != all.end();
  all.erase(gap, all.end());
  // What is still under way of it would come to nobody; what was on its way when the connection
  // broke came to nobody, whatever the server says of the rest.
  const bool was_lost = context_->connection()->figures().reconnects != reconnects;
  if (has_gap || was_lost || !ended || !*ended) drop_consumer();
  if (!all.empty()) return all;
  if (!ended) return ended.error();
  if (has_gap) return failure("messages were lost", ErrorCode::kIo);
  return all;
}

void OrderedFetcher::drop_consumer() {
  has_consumer_ = false;
  (void)context_->client().publish(
      context_->subject("CONSUMER.DELETE." + stream_ + "." + cursor_.consumer()), "");
}

}  // namespace midge::detail
