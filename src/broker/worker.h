// The broker's part on one loop: its clients, their subscriptions, its cache of routes, its batches
// to other loops.
//
// A tick ends here (on_tick_end): input set aside goes on, batches are posted, outboxes written,
// dead clients destroyed. Thread: the loop's.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include <tsl/robin_map.h>

#include "base/log.h"
#include "broker/account_plan.h"
#include "broker/account_request_info.h"
#include "broker/account_responses.h"
#include "broker/arrival.h"
#include "broker/block_pool.h"
#include "broker/broker.h"
#include "broker/client.h"
#include "broker/closed_connections.h"
#include "broker/config.h"
#include "broker/delivery_batch.h"
#include "broker/internal_receiver.h"
#include "broker/look_ahead.h"
#include "broker/message.h"
#include "broker/message_head.h"
#include "broker/publish_run.h"
#include "broker/read_chunk.h"
#include "broker/route_cache.h"
#include "broker/session_watcher.h"
#include "broker/stats.h"
#include "broker/step_work.h"
#include "broker/subscription_table.h"
#include "io/mail.h"
#include "io/stream.h"

namespace midge::broker {

class Worker final : public io::LoopHandler {
 public:
  Worker(Broker& broker, io::Loop& loop, BrokerConfigPtr config, AccountPlansPtr plans);
  ~Worker() override;

  // For clients of this loop.

  // Routes a message that `from` published, or holds it back as part of a run until end_run(). The
  // hot path.
  void publish(Client& from, const Message& message);
  // The same for a message whose way is to be told (worker_trace.cc).
  void publish_traced(Client& from, const Message& message, TraceRequest request);
  // Tells of a message that was refused. `size`: of headers and body.
  void tell_refused(const Client& from, std::string_view subject, std::size_t size,
                    TraceRequest request, std::string error);
  // Whether `account` maps messages published on `subject`.
  [[nodiscard]] bool maps(AccountId account, std::string_view subject) const {
    const AccountPlan* plan = plans_->find_crossing(account);
    return plan != nullptr && plan->mapping_for(subject) != nullptr;
  }
  // Whether the session's rules let a message of `account` on `subject` pass.
  [[nodiscard]] bool permits(AccountId account, std::string_view subject,
                             SessionPermissions& session) {
    return routes_.permits(account, subject, session.rules(),
                           [&] { return session.may_publish(subject); });
  }
  // Delivers what publish() held back. Before anything that may depend on it, and before the bytes
  // of the messages go.
  void end_run() {
    if (run_.size > 0) [[unlikely]]
      deliver_run();
  }
  // Publishes lately went to subjects that were not cached: worth looking at those that follow.
  [[nodiscard]] bool looks_ahead() const { return routes_.missed(); }
  // `rest`: the input behind the frame at hand.
  void look_ahead(AccountId account, std::string_view rest) {
    look_ahead_.step(broker_.index(), account, rest, config_->parser, subscriptions_);
  }
  // Has work to flush at the end of the tick.
  void mark_dirty(Client& client) {
    if (client.in_dirty_list) return;
    client.in_dirty_list = true;
    dirty_.push_back(&client);
  }
  // Goes on at the end of the next tick, or when there is credit again.
  void resume_later(Client& client);
  // Whether a client may go on producing in this tick.
  [[nodiscard]] bool may_produce() { return budget_ > 0 && !out_of_credit_; }
  void spend(std::int64_t units) { budget_ -= units; }
  // Posts the batches gathered so far; before any output that promises they are on their way.
  void post_batches();
  // Null if it is gone, or closing.
  [[nodiscard]] Client* open_client(std::uint64_t cid) {
    return const_cast<Client*>(std::as_const(*this).find_client(cid));
  }
  // The client will be destroyed at the end of the tick.
  void client_finished(const Client& client) { finished_.push_back(client.cid()); }
  // A receiver is near its limit: the producer of the moment may be asked to wait.
  void note_slow_receiver() { slow_receiver_ = true; }
  // How much output may wait for one client: less while memory is short.
  [[nodiscard]] std::size_t pending_max() const { return pending_max_; }
  // Pending output of one client up to which nothing needs to be looked at.
  [[nodiscard]] std::size_t pending_watermark() const { return pending_watermark_; }
  bool take_slow_receiver() { return std::exchange(slow_receiver_, false); }
  // Keeps what monitoring tells of closed connections.
  void remember_closed(ConnectionInfo info);

  // The server's own subscriptions and publishes (worker_internal.cc).

  // Before the loops start; it outlives them.
  void add_service(LoopService& service);
  // Before the loops start; at most one, which outlives this.
  void watch_sessions(SessionWatcher& watcher) { session_watcher_ = &watcher; }
  [[nodiscard]] SessionWatcher* session_watcher() { return session_watcher_; }
  // `receiver` outlives the subscription.
  subject::Target subscribe_internal(AccountId account, std::string_view subject,
                                     std::string_view queue, InternalReceiver& receiver);
  void unsubscribe_internal(subject::Target target);
  // Within on_message() of a subscription with a queue group: who published the message.
  [[nodiscard]] const Origin& publisher() const { return publisher_; }
  // A client of this loop as nats-server describes clients; "" if it is gone.
  [[nodiscard]] std::string client_json(std::uint64_t cid) const;
  // Who is logged in on a connection of this loop, as requests for it are answered; "" if it is
  // gone.
  [[nodiscard]] std::string user_json(std::uint64_t cid) const;
  bool receive_internal(Subscription& subscription, const Message& message);
  // Routes `message` as if it were published on `to`; those it reaches see message.subject.
  Published publish_internal(std::string_view to, const Message& message);
  // A subscription was inserted into the index: tells those who wait for one.
  void announce_interest(AccountId account, std::string_view pattern);
  // Whether anybody would get a message on `subject`; false for `asks_services`: one that goes to
  // no service of another account.
  [[nodiscard]] bool has_interest(AccountId account, std::string_view subject,
                                  bool asks_services = true);
  // Whether a subscription is for exactly this subject, and not for a pattern that it matches.
  [[nodiscard]] bool has_literal_interest(AccountId account, std::string_view subject) const;

  Broker& broker() { return broker_; }
  io::Loop& loop() { return loop_; }
  Log& log() { return broker_.log(); }
  const BrokerConfig& config() const { return *config_; }
  const AccountPlans& plans() const { return *plans_; }
  SubscriptionTable& subscriptions() { return subscriptions_; }
  BlockPool& pool() { return pool_; }
  ReadChunk& chunk() { return chunk_; }
  WorkerStats& counters() { return counters_; }
  [[nodiscard]] MonoTime now() const { return loop_.now(); }
  // Wall time of this tick.
  [[nodiscard]] WallTime wall() const;
  std::uint64_t random() { return random_state_ = next_random(random_state_); }

  // For monitoring, on this loop. What is proportional to connections or subscriptions is asked for
  // in steps.

  // Without the connections and what they have pending.
  [[nodiscard]] WorkerStats stats() const;
  // Hidden ones, too: to look at each of them would take long.
  [[nodiscard]] std::vector<std::uint64_t> connection_ids() const;
  // Null if it is gone, or closing.
  [[nodiscard]] const Client* find_client(std::uint64_t cid) const;
  // The same, and null if it is hidden.
  [[nodiscard]] const Client* find_shown(std::uint64_t cid) const;
  [[nodiscard]] const ClosedConnections& closed() const { return closed_; }
  [[nodiscard]] const EndedTraffic& ended_traffic() const { return ended_; }
  // Of the slot, which may have become free or another client's meanwhile.
  [[nodiscard]] const Subscription& subscription_in(std::uint32_t slot) {
    return subscriptions_.at(slot);
  }
  // All subscriptions are in slots below this number.
  [[nodiscard]] std::size_t subscription_slots() const { return subscriptions_.slots(); }
  // Appends those in slots [first, first + count).
  void list_subscriptions(std::size_t first, std::size_t count,
                          std::vector<SubscriptionInfo>& into);
  // Has the work done, a step a tick, in turn with other such work.
  void work_in_steps(std::unique_ptr<StepWork> work);

  // How much the process uses, and what follows (worker_memory.cc).
  void look_at_memory();
  // What came from a socket: what is read may be kept.
  void note_read(std::size_t bytes) { memory_.read += bytes; }

  // A connection that is open becomes a client.
  void welcome(std::unique_ptr<io::Stream> stream);
  // One of the arrivals is to be destroyed.
  void arrival_done() { has_done_arrivals_ = true; }

  // Mail.
  void adopt(std::unique_ptr<io::Stream> stream);
  void deliver_batch(const DeliveryBatch& batch);
  void deliver_traced_batch(const DeliveryBatch& batch, TraceLegPtr leg);
  void end_leg(TraceLegPtr leg);
  void credit_available();
  void take_config(BrokerConfigPtr config, bool announce, std::shared_ptr<void> under_way);
  void take_plans(AccountPlansPtr plans);
  void note_interest(AccountId account, std::string_view pattern);
  void announce_lame_duck();
  // Closes clients drawn at random; what it has too few for goes on to the next loop, of which
  // `asked` have had their turn.
  void close_some(std::size_t count, CloseReason reason, std::size_t asked);
  void say_goodbye();
  void close_all(CloseReason reason);
  void tell_no_responders(std::uint64_t cid, std::string_view reply, std::string_view subject);

  void on_loop_start() override;
  void on_tick_end() override;
  void on_loop_stop() override;

 private:
  void count_ended(const ConnectionInfo& info);
  void tell_waiting(AccountId account, std::string_view pattern);
  // How often a message for a queue group is passed on between loops that find its member gone.
  static constexpr unsigned kQueueHopsMax = 8;

  static std::uint64_t next_random(std::uint64_t state);
  // `delivered` deliveries were made already.
  void route_now(Client& from, const Message& message, Route& route, std::size_t delivered);
  // Delivers to plain targets of all loops; returns to how many.
  std::size_t deliver_to(const RouteTargets& targets, const Message& message,
                         const Client* no_echo);
  [[nodiscard]] bool may_run(const Client& from, const Message& message, Route& route);
  [[nodiscard]] bool has_distinct_clients(Route& route);
  void join_run(const Message& message);
  void deliver_run();
  // Delivers to local targets; returns how many took it.
  std::size_t deliver_local(const std::vector<subject::Target>& targets, const Message& message,
                            const Client* no_echo);
  // Draws members until one takes it; true if one did, or another loop will see to it.
  bool deliver_to_group(const subject::MatchResult::Group& group, const Message& message,
                        const Origin& origin, unsigned hops);
  bool deliver_to_member(subject::Target member, const Message& message, const Origin& origin);
  void redeliver_queue(const DeliveryBatch::Delivery& delivery);
  void report_nobody(const DeliveryBatch::Delivery& delivery);

  // Who publishes what the server itself does.
  Client& internal();

  // What crosses accounts (worker_accounts.cc).
  void publish_response(Client& from, const Message& message);
  void cross(Client& from, const Message& message, Route& route, std::size_t delivered);
  bool deliver_to_shared_group(const CrossRoute& route, const CrossRoute::Group& group,
                               const Message& message, Client& from, bool wants_answer);
  Message message_for(const RoutePart& part, const Message& message, Client& from);
  // Valid until the next call.
  const std::string& requestor_json(const ServiceTerms& terms, AccountId account,
                                    const Client& from);
  CrossRequest& request_for(const ServiceTerms& terms, const Message& message, Client& from);
  // Whether the response to `to` found its way, or another loop will see to it. `origin`: the
  // responder. A message with another subject than `to` is the server's: that subject and its
  // reply are shown as they are.
  bool send_response(std::string_view to, const Message& message, const Origin& origin);
  bool deliver_response(std::string_view to, const Message& message, const ResponseToken& token,
                        const Origin& origin);
  [[nodiscard]] std::string mapped_reply(const ResponseEntry& entry);
  // To who listens on `to`; a message with another subject shows that everywhere. Services that
  // the account imports get it if there is a `requester`.
  std::size_t deliver_anew(std::string_view to, const Message& message,
                           Client* requester = nullptr);
  std::size_t deliver_anew_in(std::string_view to, const Message& message);
  void sweep_responses();
  // Tracing (worker_trace.cc).
  class TracedPublish;
  [[nodiscard]] std::shared_ptr<MessageTrace> begin_trace(const Client& from,
                                                          std::string_view subject,
                                                          std::size_t size, TraceRequest request);
  void end_trace(const MessageTrace& trace);
  // Delivers to one target, or with `only` finds out whether it would; true if so. head_ is the
  // message's.
  bool deliver_traced(subject::Target target, const Message& message, TraceLeg& leg);
  bool receive_traced(Subscription& subscription, const Message& message, TraceLeg& leg);
  bool respond_traced(const Message& message, const ResponseToken& token, const Origin& origin,
                      TraceLeg& leg);
  TraceLegPtr redeliver_traced(const DeliveryBatch::Delivery& delivery, TraceLegPtr leg);
  // Sends what `fill` puts into a batch of its own, behind all that was sent before.
  void send_leg(LoopId to, TraceLegPtr leg, auto fill);
  // Service latency.
  [[nodiscard]] std::unique_ptr<LatencyTrack> track(const ServiceTerms& terms,
                                                    const Message& message, const Client& from,
                                                    const std::string& requestor);
  void report_unserved(const CrossRoute& route, const Message& message, Client& from);
  void report_answer(std::unique_ptr<LatencyTrack> track, LatencyOutcome outcome,
                     const Origin& responder);
  void publish_metric(const LatencyTrack& track, const LatencyOutcome& outcome);
  DeliveryBatch& batch_to(LoopId loop);
  void post_batch(LoopId to);
  void settle_credit(const DeliveryBatch& batch);
  void apply_config();
  void limit_pending();
  void run_resumed();
  void run_steps();
  void run_rechecks();
  void on_housekeeping();
  void watch_memory();
  void give_way();
  void close_heaviest();
  void flush_dirty();
  void bury();

  Broker& broker_;
  io::Loop& loop_;
  BrokerConfigPtr config_;
  SubscriptionTable subscriptions_;
  std::unique_ptr<Client> internal_;  // null: the server itself has not subscribed or asked yet
  std::vector<LoopService*> services_;
  SessionWatcher* session_watcher_ = nullptr;
  AccountPlansPtr plans_;
  RouteCache routes_;
  ResponseTable responses_;
  std::vector<std::unique_ptr<CrossRequest>>
      requests_;  // of the message at hand; kept to be filled anew
  std::size_t requests_used_ = 0;
  // What requestor_json() told last.
  struct ShownRequestor {
    AccountId account, via;
    Duration rtt;
    bool is_all = false;  // that it shows
    bool operator==(const ShownRequestor&) const = default;
  } shown_requestor_;
  std::string requestor_json_;
  RouteTargets anew_;
  CrossRoute anew_cross_;
  subject::MatchResult match_;
  LookAhead look_ahead_;
  BlockPool pool_;
  ReadChunk chunk_;
  MessageHead head_;
  PublishRun run_;
  WorkerStats counters_;
  tsl::robin_map<std::uint64_t, std::unique_ptr<Client>> clients_;  // by cid
  std::vector<std::unique_ptr<Arrival>> arrivals_;
  std::vector<Client*> dirty_, flushing_;
  std::deque<Client*> resume_;
  std::vector<std::uint64_t> rechecks_;      // cids whose logins a reload puts in question
  std::shared_ptr<void> recheck_under_way_;  // held until they are judged
  std::vector<std::unique_ptr<DeliveryBatch>> batches_;  // by loop
  std::vector<std::size_t> batch_sizes_;                 // by loop: bytes of the last one
  std::vector<std::uint64_t> finished_;                  // cids to bury
  ClosedConnections closed_;
  EndedTraffic ended_;
  Origin publisher_{};
  std::deque<std::unique_ptr<StepWork>> step_works_;
  std::int64_t budget_;
  std::size_t pending_max_ = 0, pending_watermark_ = 0;
  struct {
    std::uint64_t read = 0;   // bytes, ever
    std::uint64_t moved = 0;  // read and sent until the last look
    MonoTime next_look{}, gave_way{}, forgot{};
  } memory_;
  std::uint64_t random_state_;
  io::MemberTimer<&Worker::on_housekeeping> housekeeping_{*this};
  bool out_of_credit_ = false;
  bool slow_receiver_ = false;
  bool has_done_arrivals_ = false;
};

}  // namespace midge::broker
