#include "client/jetstream/fetch.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "client/jetstream/delivery.h"
#include "client/jetstream/pull_ledger.h"
#include "client/jetstream/pull_terms.h"
#include "client/patience.h"

namespace midge::detail {
namespace {

constexpr Timeout kHeartbeatMax{seconds(30).ns};
constexpr Timeout kLong{seconds(10).ns};
// So much earlier than we the server gives up, that nothing is on its way when we do.
constexpr Timeout kMargin{milliseconds(100).ns};

PullTerms terms_of(const FetchOptions& options, Timeout timeout, std::string pin_id) {
  PullTerms terms{.batch = options.max_messages,
                  .max_bytes = options.max_bytes,
                  .expires = timeout - std::min(timeout / 10, Timeout(kMargin)),
                  .heartbeat = options.heartbeat,
                  .priority = options.priority,
                  .pin_id = std::move(pin_id),
                  .no_wait = options.no_wait};
  if (terms.no_wait) {
    terms.expires = terms.heartbeat = {};
  } else if (terms.heartbeat.count() == 0 && timeout > kLong) {
    terms.heartbeat = std::min(terms.expires / 2, kHeartbeatMax);
  }
  return terms;
}

// What the last line of an answer means.
Result<bool> read_end(const Message& status) {
  PullLedger nothing({});
  if (nothing.on_status(status.status(), status.description(), 0, 0) == PullVerdict::kGoOn)
    return true;
  if (status.status() == 503) return failure("no responders", ErrorCode::kNoResponders);
  return Error::of_server(status.status(), 0, std::string(status.description()));
}

// The answers to one request, and where they come.
class Fetch {
 public:
  Fetch(const FetchFrom& from, const PullTerms& terms, std::vector<Delivery>& all)
      : from_(from), terms_(terms), all_(all), whole_(all.size() + terms.batch) {}
  ~Fetch() {
    if (answers_) connection().unsubscribe(answers_);
  }
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  Result<void> ask(const Deadline& deadline) {
    const std::string inbox = connection().new_inbox();
    // The request bounds them.
    constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
    ASSIGN_OR_RETURN(
        answers_, connection().subscribe(
                      inbox, {.pending_messages_max = kAll, .pending_bytes_max = kAll}, nullptr));
    return connection().publish(next_subject(from_.context, from_.stream, from_.consumer), inbox,
                                nullptr, codec::write_json_struct(terms_), deadline);
  }
  // As fetch_into().
  Result<bool> collect(const Deadline& deadline) {
    const Remaining left(deadline);
    while (all_.size() < whole_) {
      Deadline wait = left();
      wait.timeout = std::max(wait.timeout, Timeout::zero());
      const bool is_short = terms_.heartbeat.count() > 0 && terms_.heartbeat * 2 < wait.timeout;
      if (is_short) wait.timeout = terms_.heartbeat * 2;
      auto some = answers_->inbox->take_many(whole_ - all_.size(), wait, true);
      if (!some && some.error().code() != ErrorCode::kTimeout) return std::move(some).error();
      if (!some && is_short) return failure("no heartbeat of the consumer", ErrorCode::kTimeout);
      if (!some) return false;
      if (auto end = take(*some)) return *std::move(end);
    }
    return true;
  }

 private:
  [[nodiscard]] Connection& connection() const { return *from_.context.connection(); }
  // The end, if it is among them.
  std::optional<Result<bool>> take(std::deque<Message>& some) {
    all_.reserve(all_.size() + some.size());
    for (Message& message : some) {
      if (message.subject() == answers_->subject) {
        if (message.status() == 100) continue;
        if (message.status() == 423) from_.pin.set("");
        return read_end(message);
      }
      if (const auto pin = message.header("Nats-Pin-Id")) from_.pin.set(*pin);
      all_.push_back(DeliveryMaker::make(std::move(message), from_.context.shared_from_this()));
    }
    return std::nullopt;
  }

  const FetchFrom& from_;
  const PullTerms& terms_;
  std::vector<Delivery>& all_;
  const std::size_t whole_;
  std::shared_ptr<Subscription> answers_;
};

}  // namespace

Result<bool> fetch_into(std::vector<Delivery>& all, const FetchFrom& from,
                        const FetchOptions& options, const Deadline& deadline) {
  if (options.max_messages == 0) return failure("max_messages is 0", ErrorCode::kInvalid);
  if (!from.context.may_wait()) return waits_for_itself();
  const PullTerms terms = terms_of(options, deadline.timeout, from.pin.get());
  if (terms.heartbeat * 2 > terms.expires)
    return failure("heartbeat is longer than half of the wait", ErrorCode::kInvalid);
  const Remaining left(deadline);
  Fetch fetch(from, terms, all);
  TRY(fetch.ask(left()));
  return fetch.collect(left());
}

Result<std::vector<Delivery>> fetch(const ConsumerState& consumer, const FetchOptions& options,
                                    const Deadline& deadline) {
  std::vector<Delivery> all;
  const auto ended =
      fetch_into(all, {*consumer.context, consumer.info.stream, consumer.info.name, *consumer.pin},
                 options, deadline);
  if (all.empty() && !ended) return ended.error();
  return all;
}

}  // namespace midge::detail
