// One consumer: what of its stream is delivered to whom, and what came back.
//
// Life: made by its Stream → start() (counts what is pending, maybe in steps) → run() whenever the
// shard says it may have something to do → close(). What is asked of it comes as calls from the
// stream's subscriptions and the API. Files: consumer.cc (life, information), consumer_deliver.cc,
// consumer_ack.cc, consumer_pull.cc, consumer_time.cc. Thread: its loop's.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/message.h"
#include "io/timer.h"
#include "jetstream/api/error.h"
#include "jetstream/config/consumer_config.h"
#include "jetstream/consumer/ack_state.h"
#include "jetstream/consumer/consumer_step.h"
#include "jetstream/consumer/dead_letters.h"
#include "jetstream/consumer/flow_control.h"
#include "jetstream/consumer/listing.h"
#include "jetstream/consumer/priority.h"
#include "jetstream/consumer/pull_request.h"
#include "jetstream/consumer/rare_timer.h"
#include "jetstream/fwd.h"
#include "jetstream/member_receiver.h"
#include "store/stream_store.h"
#include "subject/target.h"

namespace midge::jetstream {

using store::ConsumerId;

struct ConsumerInfo;

class Consumer {
 public:
  // `config` was checked and completed.
  Consumer(Stream& stream, ConsumerId id, ConsumerConfig config, WallTime created);
  ~Consumer();

  // Finds its first message by its policy.
  void start();
  // In place of start(): goes on where it was before a restart.
  void resume(ConsumerProgress progress);
  // The stream serves no more, and again.
  void suspend();
  void go_on();
  // Counts, then delivers what it can; true: it was stopped by the budget and wants to go on.
  bool run(store::Budget& budget);
  // Something changed that may let it deliver.
  void signal();

  // From the stream, of what the filter matches.
  void on_appended(Sequence sequence, std::string_view subject);
  void on_removed(Sequence sequence, std::string_view subject);
  // Whether it is to run when new messages are there. Others are signalled when that changes.
  [[nodiscard]] bool wants_news() const {
    return config_.is_push() ? !in_lonely_list : !requests_.empty();
  }
  // Whether the stream may forget this message as far as this consumer is concerned.
  [[nodiscard]] bool is_done_with(Sequence sequence) const;

  // Listens for requests, where it is pulled from; a stream's subscriptions come and go.
  void subscribe();
  void unsubscribe();

  // From clients.
  void on_pull(const broker::Message& request);
  // `tokens`: of the acknowledgement's subject behind the consumer's name.
  void on_ack(const broker::Message& message, Sequence sequence, ConsumerSequence delivery);

  // From the API.
  [[nodiscard]] ConsumerInfo info() const;
  // What is pending is known, and so is what info() says.
  [[nodiscard]] bool is_counted() const { return counting_ == nullptr && collecting_ == nullptr; }
  // Called then, unless the consumer is gone before.
  void when_counted(std::function<void(Consumer&)> work) {
    when_counted_.push_back(std::move(work));
  }
  void update(ConsumerConfig config);
  void pause(std::optional<WallTime> until);
  // Whoever is pinned is so no longer. False: there is no such group.
  bool unpin(std::string_view group);
  [[nodiscard]] bool is_paused() const;
  void on_clock_step();
  ApiResult<Sequence> reset(std::uint64_t sequence);
  // Null: it never had any.
  [[nodiscard]] DeadLetters* dead_letters() { return dead_letters_.get(); }
  // A dead letter is stored, or cannot be.
  void buried(Sequence sequence);
  // Tells those who wait that it is gone.
  void close(std::string_view status);
  // Tells them that the server ends.
  void say_goodbye();

  [[nodiscard]] const std::string& name() const {
    return config_.durable_name.empty() ? config_.name : config_.durable_name;
  }
  [[nodiscard]] ConsumerId id() const { return id_; }
  [[nodiscard]] const ConsumerConfig& config() const { return config_; }
  [[nodiscard]] WallTime created() const { return created_; }
  [[nodiscard]] const store::Filter& filter() const { return filter_; }
  // It is done with all up to here.
  [[nodiscard]] Sequence floor() const {
    const Sequence acked = acks_.floor().stream;
    return kept_.empty() ? acked : std::min(acked, *kept_.begin() - 1);
  }
  [[nodiscard]] const AckState& acks() const { return acks_; }
  // For a checkpoint.
  [[nodiscard]] ConsumerProgress progress() const;
  [[nodiscard]] std::uint64_t pending_count() const { return pending_; }
  [[nodiscard]] bool has_interest() const;
  Stream& stream() { return stream_; }

  // Until let_go() nothing is delivered.
  void hold() { is_held_ = true; }
  void let_go() {
    is_held_ = false;
    signal();
  }

  bool in_ready_list = false;   // the shard's
  bool in_lonely_list = false;  // the shard's
  bool awaits_visible = false;  // the stream's

 private:
  // Delivering.
  enum class Step : std::uint8_t {
    kDelivered,  // or something else was done, and there may be more
    kNothing,    // nothing more to have now
    kMustWait,   // for the budget, or for something that signals
    kNobody,     // asks
  };
  Step deliver_next(store::Budget& budget);
  [[nodiscard]] Step not_taken() const;
  Step deliver_again(Sequence sequence);
  Step deliver_new(store::Budget& budget);
  // Sends to whoever asked, or to the deliver subject; false if nobody is there any more.
  bool send(const store::StoredMessage& message, ConsumerSequence delivery,
            std::uint32_t deliveries, PullRequest* request);
  // The next message not delivered yet; found: it is in `sequence`.
  std::optional<Step> find_new(store::Budget& budget, Sequence& sequence);
  void passed(Sequence sequence);
  // Whether replay as it was or a rate make this one wait; then it is signalled in time.
  bool is_too_early(const store::StoredMessage& message);
  void count_pace(WallTime message_time, std::uint64_t size);
  // Until the next call for any consumer of the stream.
  [[nodiscard]] const std::string& ack_subject(const store::StoredMessage& message,
                                               ConsumerSequence delivery,
                                               std::uint32_t deliveries) const;
  // The request that gets this message, which is then delivered for the `deliveries`th time; null =
  // none.
  PullRequest* next_request(Sequence sequence, std::uint32_t deliveries);
  // What that takes of a request's max_bytes.
  [[nodiscard]] std::int64_t size_to_send(Sequence sequence, std::uint32_t deliveries);
  // The status for a request that cannot be taken; nullopt: it can.
  [[nodiscard]] std::optional<std::string> refusal(const PullTerms& terms) const;
  [[nodiscard]] bool is_full_of_requests();
  void request_served(PullRequest& request, std::uint64_t size);
  [[nodiscard]] bool may_have_more_pending() const;
  // When a message delivered for the n-th time is to be delivered again, by the steady time.
  [[nodiscard]] WallTime deadline_for(std::uint32_t deliveries) const;
  [[nodiscard]] WallTime deadline_after(WallTime delivered, std::uint32_t deliveries) const;
  void exhausted_deliveries(const PendingMessage& message);
  [[nodiscard]] bool is_exhausted(const PendingMessage& message) const {
    return config_.max_deliver > 0 &&
           message.deliveries >= static_cast<std::uint64_t>(config_.max_deliver);
  }
  // Dead letters go whether anybody asks for messages or not.
  void give_up_exhausted();
  // Pending no more: it becomes a dead letter, or is done with if there are none.
  void give_up(const PendingMessage& message, DeadLetter::Reason reason, std::string_view text);
  void add_dead_letter(DeadLetter letter);
  [[nodiscard]] bool has_dead_letters() const { return !config_.dead_letter_subject().empty(); }
  [[nodiscard]] bool tracks_acks() const { return config_.ack_policy != AckPolicy::kNone; }
  [[nodiscard]] bool is_full() const { return !may_have_more_pending(); }
  void end_of_pending();

  // Finding where it stands.
  void count_pending();
  // Of the messages above `above` and up to `up_to` the last of each subject; then counts.
  // `begins`: where it begins is not known yet.
  void collect_last(Sequence above, Sequence up_to, bool begins);
  void collected();
  // Goes on with both; true: done.
  bool settle(store::Budget& budget);
  [[nodiscard]] bool has_demand() const {
    return config_.is_push() ? has_interest() : !requests_.empty();
  }

  // Requests.
  void send_status(std::string_view to, std::string_view status, const PullRequest* remaining);
  void drop_request(std::list<PullRequest>::iterator request);
  // Those whose requester is gone.
  void drop_abandoned();
  void expire_requests();
  void arm_request_timer();

  // Acknowledgements.
  void acknowledge(Sequence sequence, ConsumerSequence delivery, bool all_before);
  void acked(Sequence sequence);
  void nak(Sequence sequence, ConsumerSequence delivery, std::string_view terms);
  void in_progress(Sequence sequence);
  void terminate(Sequence sequence, ConsumerSequence delivery, std::string_view reason);
  void arm_ack_timer(WallTime deadline);

  void send_heartbeat(std::string_view to);
  // Push with flow control: counts what is sent, and asks the receiver to say when it has it.
  void count_flow(std::uint64_t size);
  [[nodiscard]] std::string flow_subject() const;
  [[nodiscard]] std::string_view pin_for(PullRequest& request);
  [[nodiscard]] bool flow_is_full() const;
  void on_flow(const broker::Message& message);
  void on_pin_timer();
  void on_ack_timer();
  void on_request_timer();
  void on_heartbeat_timer();
  void on_inactive_timer();
  // It is over, or not yet.
  void watch_pause();
  // How long it may be without demand; zero: for ever.
  [[nodiscard]] Duration idle_limit() const;
  void arm_inactive();
  // Notes for a restart what changed.
  void record(ConsumerStep step);
  void begin_serving();

  Stream& stream_;
  MemberReceiver<&Consumer::on_pull> pulls_{*this};
  std::optional<subject::Target> subscription_;
  ConsumerId id_;
  bool is_held_ = false;
  ConsumerConfig config_;
  WallTime created_;
  store::Filter filter_;
  AckState acks_;
  Sequence next_{1};           // where to look for the next message
  std::uint64_t pending_ = 0;  // messages at or after next_ that the filter matches
  std::unique_ptr<store::StreamStore::Count> counting_;
  // deliver_policy last_per_subject: what was there in the beginning, up to snapshot_.
  struct Collecting {
    store::SubjectTree::Walk walk;
    Sequence above;
    bool begins;
  };
  std::unique_ptr<Collecting> collecting_;
  Sequence snapshot_;
  Listing listed_;
  std::vector<std::function<void(Consumer&)>> when_counted_;
  std::list<PullRequest> requests_;
  WallTime last_active_ = kNoTime;  // when it delivered something new
  MonoTime last_new_{};             // the same
  WallTime last_ack_ = kNoTime;
  MonoTime last_demand_{};
  Priority priority_;
  FlowControl flow_;
  std::optional<subject::Target> flow_subscription_;

  MemberReceiver<&Consumer::on_flow> flows_{*this};
  RareTimer<&Consumer::on_pin_timer> pin_timer_;
  RareTimer<&Consumer::on_ack_timer> ack_timer_;
  RareTimer<&Consumer::on_request_timer> request_timer_;
  RareTimer<&Consumer::on_heartbeat_timer> heartbeat_timer_;
  RareTimer<&Consumer::on_inactive_timer> inactive_timer_;
  RareTimer<&Consumer::watch_pause> pause_timer_;
  // Of those that replay as it was, have a rate, or feed somebody slow.
  struct Pace {
    explicit Pace(Consumer& consumer) : timer(consumer) {}
    MonoTime not_before{};         // the rate
    WallTime last_time = kNoTime;  // of the message delivered last
    MonoTime last_at{};            // when that was
    io::MemberTimer<&Consumer::signal> timer;
  };
  Pace& pace();
  std::unique_ptr<Pace> pace_;
  std::unique_ptr<DeadLetters> dead_letters_;
  std::set<Sequence> kept_;  // given up, and still to be in a stream of interest
};

}  // namespace midge::jetstream
