// Fast batches: what a message is to its batch stands in its subject for answers, on which the
// server tells now and then how far it is (ADR-50).
#include <algorithm>
#include <utility>

#include "client/jetstream/context.h"
#include "client/jetstream/fast_word.h"
#include "client/jetstream/publish.h"
#include "client/patience.h"
#include "midge/publish_batch.h"

namespace midge {
namespace {

using detail::FastWord;

// After so long without a word the server is asked what it said last: it may have got lost.
constexpr Timeout kSilence{seconds(1).ns};

enum class Operation : char {
  kStart = '0',
  kAppend = '1',
  kCommit = '2',
  kCommitWithout = '3',  // what comes with it is not stored
  kPing = '4',
};

std::unexpected<Error> has_ended() { return failure("the batch has ended", ErrorCode::kClosed); }

// What the server has said. Thread: any; take() is the loop's.
class Heard {
 public:
  explicit Heard(const FastBatchOptions& options)
      : gaps_ok_(options.gaps_ok), acks_out_max_(options.acks_out_max), tell_(options.on_event) {}

  void take(const Message& message) {
    if (message.status() == 503 && message.data().empty())
      return end(Error("no responders", ErrorCode::kNoResponders));
    auto word = detail::read_fast_word(message.data());
    if (!word) return;
    // The user is told between the two: the batch has failed by then, and who waits for that wakes
    // behind it.
    if (word->error && !gaps_ok_) fail(*word->error);
    if (word->first > 0 && tell_) tell_({word->first, word->last, *word->error});
    if (word->kind == FastWord::Kind::kEnd && word->error) return end(*std::move(word->error));
    const io::Monitor::Lock lock(monitor_);
    has_begun_ = true;
    if (word->kind == FastWord::Kind::kFlow) {
      told_ = std::max(told_, word->last);
      every_ = word->every;
    } else if (word->kind == FastWord::Kind::kEnd) {
      told_ = std::max(told_, word->ack.batch_size);
      ack_ = std::move(word->ack);
      over_ = true;
    }
    monitor_.tell();
  }

  // Until there is room behind message `number`, or there will be none. Calls `ask` in between.
  // Errors: the batch's; kTimeout, kCancelled.
  template <class Ask>
  Result<void> await_room(std::uint64_t number, const Deadline& deadline, Ask&& ask) {
    TRY(await(deadline, ask, [&] {
      const std::uint64_t most = told_ + std::uint64_t{every_} * acks_out_max_;
      return over_ || failure_ || (has_begun_ && number < most);
    }));
    const io::Monitor::Lock lock(monitor_);
    if (failure_) return *failure_;
    if (over_) return has_ended();
    return {};
  }
  // Errors: as above.
  template <class Ask>
  Result<PubAck> await_end(const Deadline& deadline, Ask&& ask) {
    TRY(await(deadline, ask, [&] { return over_; }));
    const io::Monitor::Lock lock(monitor_);
    if (failure_) return *failure_;
    return *ack_;
  }
  [[nodiscard]] std::optional<Error> error() {
    const io::Monitor::Lock lock(monitor_);
    return failure_;
  }
  [[nodiscard]] std::uint64_t told() {
    const io::Monitor::Lock lock(monitor_);
    return told_;
  }

 private:
  template <class Ask, class Done>
  Result<void> await(const Deadline& deadline, Ask& ask, const Done& is_done) {
    const MonoTime end = io::Monitor::now() + detail::duration_of(deadline.timeout);
    while (true) {
      const Timeout left((end - io::Monitor::now()).ns);
      detail::Patience patience(monitor_, {std::min(left, kSilence), deadline.stop});
      {
        io::Monitor::Lock lock(monitor_);
        bool goes_on = true;
        while (!is_done() && goes_on) goes_on = patience.wait(lock);
        if (is_done()) return {};
      }
      if (left <= kSilence || deadline.stop.stop_requested()) return patience.error();
      TRY(ask());
    }
  }
  void fail(Error why) {
    const io::Monitor::Lock lock(monitor_);
    if (!failure_) failure_ = std::move(why);
  }
  void end(Error why) {
    fail(std::move(why));
    const io::Monitor::Lock lock(monitor_);
    over_ = true;
    monitor_.tell();
  }

  const bool gaps_ok_;
  const std::uint16_t acks_out_max_;
  const std::function<void(const FastBatchEvent&)> tell_;
  io::Monitor monitor_;
  std::uint64_t told_ = 0;
  std::uint16_t every_ = 1;
  bool has_begun_ = false;
  bool over_ = false;  // the server says no more
  std::optional<Error> failure_;
  std::optional<PubAck> ack_;
};

}  // namespace

struct FastBatch::State {
  State(std::shared_ptr<detail::JetStreamContext> its_context, FastBatchOptions options)
      : context(std::move(its_context)),
        id(context->draw_name()),
        gaps_ok(options.gaps_ok),
        inbox(context->client().new_inbox() + "." + id + "."),
        reply_prefix(inbox + std::to_string(options.flow) + (gaps_ok ? ".ok." : ".fail.")),
        heard(std::make_shared<Heard>(options)) {}
  ~State() { (void)answers.unsubscribe(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  Result<void> listen() {
    if (answers.active()) return {};
    ASSIGN_OR_RETURN(answers,
                     context->client().subscribe(
                         inbox + ">", [heard = heard](const Message& m) { heard->take(m); }));
    return {};
  }
  Result<void> send(std::string_view to, std::string_view data, const Headers& headers,
                    std::uint64_t number, Operation operation) {
    std::string reply = reply_prefix;
    reply.append(std::to_string(number)).append({'.', static_cast<char>(operation)}).append(".$FI");
    if (headers.empty()) return context->client().publish(to, data, reply);
    return context->client().publish(to, headers, data, reply);
  }
  Result<void> ping() { return send(subject, "", {}, size, Operation::kPing); }
  Result<void> check() const {
    if (ended) return has_ended();
    if (!context->may_wait()) return detail::waits_for_itself();
    return {};
  }
  Result<std::uint64_t> add(std::string_view to, std::string_view data,
                            const PublishOptions& options, const Deadline& deadline);
  Result<PubAck> commit(std::string_view to, std::string_view data, const PublishOptions& options,
                        Operation operation, const Deadline& deadline);

  const std::shared_ptr<detail::JetStreamContext> context;
  const std::string id;
  const bool gaps_ok;
  const std::string inbox, reply_prefix;
  const std::shared_ptr<Heard> heard;
  midge::Subscription answers;
  std::string subject;  // the last message's
  std::uint64_t size = 0;
  bool ended = false;
};

Result<std::uint64_t> FastBatch::State::add(std::string_view to, std::string_view data,
                                            const PublishOptions& options,
                                            const Deadline& deadline) {
  TRY(check());
  if (auto why = heard->error()) return *std::move(why);
  ASSIGN_OR_RETURN(const Headers headers, detail::headers_of(options));
  TRY(listen());
  TRY(send(to, data, headers, size + 1, size == 0 ? Operation::kStart : Operation::kAppend));
  subject = to;
  ++size;
  TRY(heard->await_room(size, deadline, [this] { return ping(); }));
  return size;
}

Result<PubAck> FastBatch::State::commit(std::string_view to, std::string_view data,
                                        const PublishOptions& options, Operation operation,
                                        const Deadline& deadline) {
  TRY(check());
  ASSIGN_OR_RETURN(const Headers headers, detail::headers_of(options));
  TRY(listen());
  ended = true;
  if (auto why = heard->error()) return *std::move(why);
  TRY(send(to, data, headers, size + 1, operation));
  if (operation == Operation::kCommit) ++size;
  // No ping: it would be behind the end.
  auto ack = heard->await_end(deadline, [] { return Result<void>(); });
  (void)answers.unsubscribe();
  if (ack && !gaps_ok && ack->batch_size != 0 && ack->batch_size < size)
    return Error("the batch ended after " + std::to_string(ack->batch_size) + " messages of " +
                 std::to_string(size));
  return ack;
}

FastBatch::FastBatch(std::unique_ptr<State> state) : state_(std::move(state)) {}
FastBatch::FastBatch(FastBatch&&) noexcept = default;
FastBatch& FastBatch::operator=(FastBatch&&) noexcept = default;
FastBatch::~FastBatch() = default;

Result<std::uint64_t> FastBatch::add(std::string_view subject, std::string_view data,
                                     PublishOptions options, Deadline deadline) {
  return state_->add(subject, data, options, deadline);
}

Result<PubAck> FastBatch::commit(std::string_view subject, std::string_view data,
                                 PublishOptions options, Deadline deadline) {
  return state_->commit(subject, data, options, Operation::kCommit, deadline);
}

Result<PubAck> FastBatch::commit(Deadline deadline) {
  if (state_->size == 0) return failure("the batch is empty", ErrorCode::kInvalid);
  return state_->commit(state_->subject, "", {}, Operation::kCommitWithout, deadline);
}

Result<void> FastBatch::ping() {
  if (state_->ended) return has_ended();
  if (state_->size == 0) return failure("the batch is empty", ErrorCode::kInvalid);
  return state_->ping();
}

const std::string& FastBatch::id() const { return state_->id; }
std::uint64_t FastBatch::size() const { return state_->size; }
std::uint64_t FastBatch::acked() const { return state_->heard->told(); }
bool FastBatch::active() const { return !state_->ended && !state_->heard->error(); }

FastBatch JetStream::fast_batch(FastBatchOptions options) const {
  options.flow = std::max<std::uint16_t>(options.flow, 1);
  options.acks_out_max = std::max<std::uint16_t>(options.acks_out_max, 1);
  return FastBatch(std::make_unique<FastBatch::State>(context_, std::move(options)));
}

}  // namespace midge
