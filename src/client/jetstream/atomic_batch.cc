// Batches that are stored whole or not at all: what belongs together is said in headers.
#include <utility>
#include <vector>

#include "client/jetstream/context.h"
#include "client/jetstream/publish.h"
#include "client/patience.h"
#include "midge/publish_batch.h"

namespace midge {
namespace {

constexpr std::string_view kNoEnd = "";
constexpr std::string_view kEndsHere = "1";
constexpr std::string_view kEndsBefore = "eob";  // what comes with it is not stored

std::unexpected<Error> has_ended() { return failure("the batch has ended", ErrorCode::kClosed); }

}  // namespace

struct AtomicBatch::State {
  State(std::shared_ptr<detail::JetStreamContext> its_context, AtomicBatchOptions its_options)
      : context(std::move(its_context)), options(std::move(its_options)) {
    if (options.id.empty()) options.id = context->draw_name();
  }
  ~State() { abandon(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Headers& mark(Headers& headers, std::size_t place, std::string_view end) const {
    headers.set("Nats-Batch-Id", options.id).set("Nats-Batch-Sequence", std::to_string(place));
    if (!end.empty()) headers.set("Nats-Batch-Commit", end);
    return headers;
  }
  Result<void> add(std::string_view to, std::string_view data, const PublishOptions& terms,
                   const Deadline& deadline);
  Result<PubAck> commit(std::string_view to, std::string_view data, const PublishOptions& terms,
                        std::string_view end, const Deadline& deadline);
  // A place that does not follow makes the server give it up.
  void abandon() {
    if (std::exchange(ended, true) || size == 0) return;
    Headers headers;
    (void)context->client().publish(subject, mark(headers, size + 2, kNoEnd), "");
  }

  const std::shared_ptr<detail::JetStreamContext> context;
  AtomicBatchOptions options;
  std::string subject;  // the last message's
  std::size_t size = 0;
  bool ended = false;
};

Result<void> AtomicBatch::State::add(std::string_view to, std::string_view data,
                                     const PublishOptions& terms, const Deadline& deadline) {
  if (ended) return has_ended();
  if (!context->may_wait()) return detail::waits_for_itself();
  ASSIGN_OR_RETURN(Headers headers, detail::headers_of(terms));
  mark(headers, size + 1, kNoEnd);
  const bool waits = size == 0 || (options.ack_every > 0 && (size + 1) % options.ack_every == 0);
  if (!waits) {
    TRY(context->client().publish(to, headers, data));
  } else {
    auto answer = context->client().request(to, headers, data, deadline);
    // Whether the server has it is not known, but for what it says itself.
    if (!answer) ended = size == 0 || answer.error().code() != ErrorCode::kInvalid;
    if (!answer) return std::move(answer).error();
    if (!answer->data().empty()) {
      ended = true;
      TRY(detail::read_pub_ack(answer->data()));
      return Error("the stream takes no batches");
    }
  }
  subject = to;
  ++size;
  return {};
}

Result<PubAck> AtomicBatch::State::commit(std::string_view to, std::string_view data,
                                          const PublishOptions& terms, std::string_view end,
                                          const Deadline& deadline) {
  if (ended) return has_ended();
  if (!context->may_wait()) return detail::waits_for_itself();
  ASSIGN_OR_RETURN(Headers headers, detail::headers_of(terms));
  mark(headers, size + 1, end);
  if (end == kEndsHere) ++size;
  ended = true;
  ASSIGN_OR_RETURN(const Message answer, context->client().request(to, headers, data, deadline));
  return detail::read_pub_ack(answer.data());
}

AtomicBatch::AtomicBatch(std::unique_ptr<State> state) : state_(std::move(state)) {}
AtomicBatch::AtomicBatch(AtomicBatch&&) noexcept = default;
AtomicBatch& AtomicBatch::operator=(AtomicBatch&&) noexcept = default;
AtomicBatch::~AtomicBatch() = default;

Result<void> AtomicBatch::add(std::string_view subject, std::string_view data,
                              PublishOptions options, Deadline deadline) {
  return state_->add(subject, data, options, deadline);
}

Result<PubAck> AtomicBatch::commit(std::string_view subject, std::string_view data,
                                   PublishOptions options, Deadline deadline) {
  return state_->commit(subject, data, options, kEndsHere, deadline);
}

Result<PubAck> AtomicBatch::commit(Deadline deadline) {
  if (state_->size == 0) return failure("the batch is empty", ErrorCode::kInvalid);
  return state_->commit(state_->subject, "", {}, kEndsBefore, deadline);
}

void AtomicBatch::abandon() { state_->abandon(); }
const std::string& AtomicBatch::id() const { return state_->options.id; }
std::size_t AtomicBatch::size() const { return state_->size; }
bool AtomicBatch::active() const { return !state_->ended; }

AtomicBatch JetStream::atomic_batch(AtomicBatchOptions options) const {
  return AtomicBatch(std::make_unique<AtomicBatch::State>(context_, std::move(options)));
}

Result<PubAck> JetStream::publish_atomically(std::span<const BatchMessage> messages,
                                             AtomicBatchOptions options, Deadline deadline) const {
  const detail::Remaining left(deadline);
  if (messages.empty()) return failure("the batch is empty", ErrorCode::kInvalid);
  AtomicBatch batch = atomic_batch(std::move(options));
  for (const BatchMessage& message : messages.first(messages.size() - 1))
    TRY(batch.add(message.subject, message.data, message.options, left()));
  const BatchMessage& last = messages.back();
  return batch.commit(last.subject, last.data, last.options, left());
}

}  // namespace midge
