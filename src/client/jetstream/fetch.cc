#include "client/jetstream/fetch.h"

#include <algorithm>
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

// What the last line of an answer means where nothing came before it.
Result<void> read_end(const Message& status) {
  PullLedger nothing({});
  if (nothing.on_status(status.status(), status.description(), 0, 0) == PullVerdict::kGoOn)
    return {};
  if (status.status() == 503) return failure("no responders", ErrorCode::kNoResponders);
  return Error::of_server(status.status(), 0, std::string(status.description()));
}

}  // namespace

Result<std::vector<Delivery>> fetch(const ConsumerState& consumer, const FetchOptions& options,
                                    const Deadline& deadline) {
  JetStreamContext& context = *consumer.context;
  if (options.max_messages == 0) return failure("max_messages is 0", ErrorCode::kInvalid);
  if (!context.may_wait()) return waits_for_itself();
  const PullTerms terms = terms_of(options, deadline.timeout, consumer.pin->get());
  if (terms.heartbeat * 2 > terms.expires)
    return failure("heartbeat is longer than half of the wait", ErrorCode::kInvalid);
  const std::string inbox = context.client().new_inbox();
  ASSIGN_OR_RETURN(midge::Subscription answers, context.client().subscribe(inbox));
  const MonoTime end = io::Monitor::now() + duration_of(deadline.timeout);
  std::vector<Delivery> all;
  const auto sent =
      context.connection()->publish(next_subject(context, consumer.info.stream, consumer.info.name),
                                    inbox, nullptr, codec::write_json_struct(terms), deadline);
  Result<void> ended = sent;
  while (sent && all.size() < options.max_messages) {
    Timeout wait((end - io::Monitor::now()).ns);
    const bool is_short = terms.heartbeat.count() > 0 && terms.heartbeat * 2 < wait;
    if (is_short) wait = terms.heartbeat * 2;
    auto answer = answers.next({std::max(wait, Timeout::zero()), deadline.stop});
    if (!answer) {
      if (answer.error().code() != ErrorCode::kTimeout) ended = answer.error();
      if (is_short) ended = Error("no heartbeat of the consumer", ErrorCode::kTimeout);
      break;
    }
    if (answer->subject() == inbox) {
      if (answer->status() == 100) continue;
      if (answer->status() == 423) consumer.pin->set("");
      ended = read_end(*answer);
      break;
    }
    if (const auto pin = answer->header("Nats-Pin-Id")) consumer.pin->set(*pin);
    all.push_back(DeliveryMaker::make(*std::move(answer), consumer.context));
  }
  if (sent) (void)answers.unsubscribe();
  if (all.empty() && !ended) return std::move(ended).error();
  return all;
}

}  // namespace midge::detail
