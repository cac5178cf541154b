#include "broker/worker.h"

#include <algorithm>

#include "broker/call_mail.h"

namespace midge::broker {

namespace {

// What a tick may produce before it writes and lets others in: bytes, with a surcharge per frame
// and per delivery. About a millisecond.
constexpr std::int64_t kTickBudget = 4 << 20;
constexpr std::int64_t kUnitsPerDelivery = 64;
// A batch this heavy is posted before the tick ends.
constexpr std::size_t kBatchWeightMax = 256 * 1024;
// The longest time without a tick.
constexpr Duration kHousekeeping = seconds(1);
// How many sessions a tick asks anew who they are, after a reload.
constexpr std::size_t kRechecksPerTick = 256;

}  // namespace

Worker::Worker(Broker& broker, io::Loop& loop, BrokerConfigPtr config, AccountPlansPtr plans)
    : broker_(broker),
      loop_(loop),
      config_(std::move(config)),
      subscriptions_(loop.id()),
      plans_(std::move(plans)),
      routes_(broker.index(), loop.id(), broker.env().entropy().hash_salt()),
      responses_(loop.id(), broker.env().entropy()),
      budget_(kTickBudget),
      random_state_(broker.env().entropy().next()) {
  batches_.resize(kLoopsMax);
  batch_sizes_.resize(kLoopsMax);
  routes_.set_plans(plans_.get());
  apply_config();
}

Worker::~Worker() = default;

std::uint64_t Worker::next_random(std::uint64_t state) {
  // xorshift64*: good enough to draw queue members, cheap enough to do per message.
  state ^= state >> 12;
  state ^= state << 25;
  state ^= state >> 27;
  return state == 0 ? 1 : state;
}

WallTime Worker::wall() const { return broker_.env().clock().wall(); }

// ---- routing

void Worker::publish(Client& from, const Message& message) {
  if (run_.size > 0) {
    if (run_.continues_with(message) && may_run(from, message, *run_.route)) {
      join_run(message);
      return;
    }
    deliver_run();
  }
  if (is_response_subject(message.subject)) [[unlikely]]
    return publish_response(from, message);
  Route& route = routes_.find(message.account, message.subject);
  if (route.local.size() >= PublishRun::kFanoutMin && may_run(from, message, route)) {
    run_.route = &route;
    run_.no_echo = from.echo() ? nullptr : &from;
    join_run(message);
    return;
  }
  route_now(from, message, route, 0);
}

std::size_t Worker::deliver_to(const RouteTargets& targets, const Message& message,
                               const Client* no_echo) {
  std::size_t delivered = 0;
  if (!targets.local.empty() || !targets.groups.empty()) head_.prepare(message);
  if (!targets.local.empty()) delivered += deliver_local(targets.local, message, no_echo);
  for (const Route::Remote& part : targets.remote) {
    batch_to(part.loop).add(message, part.targets);
    delivered += part.targets.size();
    spend(static_cast<std::int64_t>(part.targets.size()) * 8);
    post_batch(part.loop);
  }
  return delivered;
}

void Worker::route_now(Client& from, const Message& message, Route& route, std::size_t delivered) {
  if (route.detour) [[unlikely]]
    return cross(from, message, route, delivered);
  delivered += deliver_to(route, message, from.echo() ? nullptr : &from);
  const bool wants_answer = !message.reply.empty() && from.wants_no_responders();
  for (const auto& group : route.groups) {
    const Origin origin{loop_.id(), wants_answer && delivered == 0, from.echo(), from.cid()};
    if (deliver_to_group(group, message, origin, 0)) ++delivered;
  }
  counters_.fanout_sum += delivered;
  counters_.fanout_max = std::max<std::uint64_t>(counters_.fanout_max, delivered);
  spend(kUnitsPerDelivery + static_cast<std::int64_t>(message.payload.size()));
  if (delivered == 0 && wants_answer)
    tell_no_responders(from.cid(), message.reply, message.subject);
}

bool Worker::may_run(const Client& from, const Message& message, Route& route) {
  // Only bytes in a block outlive the next frame, and only plain deliveries need no answer now.
  if (message.block == nullptr || !route.cached || !route.groups.empty()) return false;
  const char* block = message.block->data();
  const bool in_block =
      message.subject.data() >= block && message.subject.data() < block + message.block->capacity();
  if (!in_block || (!message.reply.empty() && from.wants_no_responders())) return false;
  return has_distinct_clients(route);
}

bool Worker::has_distinct_clients(Route& route) {
  // A client with several of the subscriptions would see them out of step.
  if (route.distinct == Route::Distinct::kUnknown) {
    std::vector<const Client*> clients;
    for (const subject::Target target : route.local) {
      const Subscription* subscription = subscriptions_.find(target);
      if (subscription != nullptr) clients.push_back(subscription->client);
    }
    std::ranges::sort(clients);
    const bool twice = std::ranges::adjacent_find(clients) != clients.end();
    route.distinct = twice ? Route::Distinct::kNo : Route::Distinct::kYes;
  }
  return route.distinct == Route::Distinct::kYes;
}

void Worker::join_run(const Message& message) {
  run_.messages[run_.size] = message;
  run_.heads[run_.size].prepare(message);
  ++run_.size;
  const auto deliveries = static_cast<std::int64_t>(run_.route->local.size());
  spend(deliveries * (kUnitsPerDelivery + static_cast<std::int64_t>(message.payload.size())));
  if (run_.size == PublishRun::kMessagesMax) deliver_run();
}

void Worker::deliver_run() {
  const std::size_t count = std::exchange(run_.size, 0);
  Route& route = *std::exchange(run_.route, nullptr);
  for (const Route::Remote& part : route.remote) {
    for (std::size_t i = 0; i < count; ++i) batch_to(part.loop).add(run_.messages[i], part.targets);
    post_batch(part.loop);
  }
  std::size_t delivered = 0;
  for (const subject::Target target : route.local) {
    for (std::size_t i = 0; i < count; ++i) {
      // Found anew for each message: its last one may have removed it.
      Subscription* subscription = subscriptions_.find(target);
      if (subscription == nullptr || subscription->client == run_.no_echo) break;
      delivered += subscription->client->deliver(*subscription, run_.heads[i], run_.messages[i]);
    }
  }
  counters_.fanout_sum += delivered;
  counters_.fanout_max = std::max<std::uint64_t>(counters_.fanout_max, route.local.size());
}

std::size_t Worker::deliver_local(const std::vector<subject::Target>& targets,
                                  const Message& message, const Client* no_echo) {
  std::size_t delivered = 0;
  for (const subject::Target target : targets) {
    Subscription* subscription = subscriptions_.find(target);
    if (subscription == nullptr || subscription->client == no_echo) continue;
    delivered += subscription->client->deliver(*subscription, head_, message);
  }
  spend(static_cast<std::int64_t>(delivered) *
        (kUnitsPerDelivery + static_cast<std::int64_t>(message.payload.size())));
  return delivered;
}

bool Worker::deliver_to_group(const subject::MatchResult::Group& group, const Message& message,
                              const Origin& origin, unsigned hops) {
  const std::size_t count = group.members.size();
  const std::size_t start = (random() >> 16) % count;
  for (std::size_t i = 0; i < count; ++i) {
    const subject::Target member = group.members[(start + i) % count];
    if (member.loop() != loop_.id()) {
      batch_to(member.loop()).add_queue(message, group.name, member, origin, hops);
      post_batch(member.loop());
      return true;
    }
    if (deliver_to_member(member, message, origin)) return true;
  }
  return false;
}

bool Worker::deliver_to_member(subject::Target member, const Message& message,
                               const Origin& origin) {
  Subscription* subscription = subscriptions_.find(member);
  if (subscription == nullptr) return false;
  Client& client = *subscription->client;
  if (!origin.echo && client.cid() == origin.cid) return false;
  publisher_ = origin;
  return client.deliver(*subscription, head_, message);
}

void Worker::tell_no_responders(std::uint64_t cid, std::string_view reply,
                                std::string_view subject) {
  const auto found = clients_.find(cid);
  if (found == clients_.end() || found->second->closing()) return;
  Client& client = *found->second;
  if (const auto token = ResponseToken::parse(reply)) {
    // A request that went through an import: the requester knows it by its own reply.
    const ResponseEntry* entry = responses_.find(*token, now());
    if (entry == nullptr) return;
    const ResponseEntry closed = responses_.close(*token);
    if (closed.latency)
      publish_metric(*closed.latency, without_answer(LatencyStatus::kServiceUnavailable));
    return tell_no_responders(cid, closed.reply, subject);
  }
  subject::MatchResult match;
  broker_.index().match(client.account(), reply, match);
  for (const subject::Target target : match.plain) {
    if (target.loop() != loop_.id()) continue;
    Subscription* subscription = subscriptions_.find(target);
    if (subscription == nullptr || subscription->client != &client) continue;
    client.send_no_responders(subscription->sid.text(), reply, subject);
    return;
  }
}

// ---- between loops

DeliveryBatch& Worker::batch_to(LoopId loop) {
  auto& batch = batches_[loop.value];
  if (!batch) batch = std::make_unique<DeliveryBatch>(loop_.id(), batch_sizes_[loop.value]);
  return *batch;
}

void Worker::post_batch(LoopId to) {
  auto& batch = batches_[to.value];
  if (batch->weight() < kBatchWeightMax) return;
  post_batches();
}

void Worker::post_batches() {
  for (unsigned i = 0; i < broker_.workers().size(); ++i) {
    if (!batches_[i]) continue;
    const LoopId to{static_cast<std::uint8_t>(i)};
    broker_.credit().add(loop_.id(), to, static_cast<std::int64_t>(batches_[i]->weight()));
    batch_sizes_[i] = batches_[i]->record_bytes();
    broker_.workers()[i]->loop().post(std::move(batches_[i]));
    if (!broker_.credit().available(loop_.id(), to)) out_of_credit_ = true;
  }
}

void Worker::deliver_batch(const DeliveryBatch& batch) {
  batch.for_each([this](const DeliveryBatch::Delivery& delivery) {
    if (delivery.is_response) [[unlikely]] {
      send_response(delivery.queue, delivery.message, delivery.origin);
      return;
    }
    head_.prepare(delivery.message);
    if (delivery.queue.empty()) {
      for (const subject::Target target : delivery.targets) {
        Subscription* subscription = subscriptions_.find(target);
        if (subscription != nullptr)
          subscription->client->deliver(*subscription, head_, delivery.message);
      }
      return;
    }
    if (!deliver_to_member(delivery.targets.front(), delivery.message, delivery.origin))
      redeliver_queue(delivery);
  });
  settle_credit(batch);
}

void Worker::settle_credit(const DeliveryBatch& batch) {
  const auto weight = static_cast<std::int64_t>(batch.weight());
  if (broker_.credit().settle(batch.from(), loop_.id(), weight)) {
    broker_.workers()[batch.from().value]->loop().post(
        call_worker([](Worker& w) { w.credit_available(); }));
  }
}

void Worker::redeliver_queue(const DeliveryBatch::Delivery& delivery) {
  // The member left meanwhile: draw again among those who are there now.
  const Message& message = delivery.message;
  subject::MatchResult match;
  broker_.index().match(message.account, message.subject, match);
  for (const auto& group : match.groups) {
    if (group.name != delivery.queue || delivery.hops >= kQueueHopsMax) continue;
    if (deliver_to_group(group, message, delivery.origin, delivery.hops + 1)) return;
  }
  report_nobody(delivery);
}

// The queue group had nobody for a message of another loop.
void Worker::report_nobody(const DeliveryBatch::Delivery& delivery) {
  const Message& message = delivery.message;
  const Origin origin = delivery.origin;
  if (!origin.wants_answer) return;
  broker_.workers()[origin.loop.value]->loop().post(
      call_worker([cid = origin.cid, reply = std::string(message.reply),
                   subject = std::string(message.subject)](Worker& w) {
        w.tell_no_responders(cid, reply, subject);
      }));
}

void Worker::credit_available() {
  out_of_credit_ = false;
  for (unsigned i = 0; i < broker_.workers().size(); ++i) {
    if (!broker_.credit().available(loop_.id(), {static_cast<std::uint8_t>(i)}))
      out_of_credit_ = true;
  }
  if (!out_of_credit_ && !resume_.empty()) loop_.tick_again();
}

// ---- clients

void Worker::adopt(std::unique_ptr<io::Stream> stream) {
  if (stream->web_socket() == nullptr) return welcome(std::move(stream));
  arrivals_.push_back(std::make_unique<Arrival>(*this, std::move(stream)));
  arrivals_.back()->open();
}

void Worker::welcome(std::unique_ptr<io::Stream> stream) {
  const std::uint64_t cid = broker_.next_cid();
  auto client = std::make_unique<Client>(*this, std::move(stream), cid);
  Client& opened = *client;
  clients_.emplace(cid, std::move(client));
  if (!opened.is_hidden()) {
    ++counters_.total_connections;
    broker_.add_connections(1);
  }
  opened.open();
}

void Worker::resume_later(Client& client) {
  if (client.in_resume_list) return;
  client.in_resume_list = true;
  resume_.push_back(&client);
}

void Worker::remember_closed(ConnectionInfo info) {
  const auto limit =
      static_cast<std::size_t>(std::max<std::int64_t>(config_->max_closed_clients, 0));
  if (!info.account.empty()) count_ended(info);
  if (session_watcher_ != nullptr) session_watcher_->on_session_end(info);
  closed_.add(std::move(info), limit);
}

void Worker::count_ended(const ConnectionInfo& info) {
  AccountTraffic& account = ended_[info.account];
  account.in_msgs += info.in_msgs;
  account.in_bytes += info.in_bytes;
  account.out_msgs += info.out_msgs;
  account.out_bytes += info.out_bytes;
  if (info.reason == CloseReason::kSlowConsumerPendingBytes ||
      info.reason == CloseReason::kSlowConsumerWriteDeadline)
    ++account.slow_consumers;
}

void Worker::apply_config() {
  routes_.enable(config_->cache_routes);
  limit_pending();
}

void Worker::take_config(BrokerConfigPtr config, bool announce, std::shared_ptr<void> under_way) {
  const bool logins_change = config->authenticator != config_->authenticator ||
                             config->web_socket.authenticator != config_->web_socket.authenticator;
  const BrokerConfigPtr old = std::exchange(config_, std::move(config));
  apply_config();
  for (auto& [cid, client] : clients_) {
    client->take_config();
    client->check_pinned();
    if (logins_change) rechecks_.push_back(cid);
    if (announce && !client->closing() && !client->is_securing()) client->send_info();
  }
  // The newest first: where an account may have fewer sessions now, they are the ones that go.
  std::ranges::sort(rechecks_);
  recheck_under_way_ = std::move(under_way);
  run_rechecks();
}

void Worker::take_plans(AccountPlansPtr plans) {
  routes_.set_plans(plans.get());
  plans_ = std::move(plans);
  note_interest({}, {});
}

void Worker::announce_lame_duck() {
  for (auto& [cid, client] : clients_)
    if (!client->closing()) client->send_lame_duck_info();
}

void Worker::close_some(std::size_t count, CloseReason reason, std::size_t asked) {
  std::vector<Client*> open;
  for (auto& [cid, client] : clients_)
    if (!client->closing() && !client->is_hidden()) open.push_back(client.get());
  // By cid first, so that the draw depends on the seed and not on the table's order.
  std::ranges::sort(open, {}, &Client::cid);
  for (; count > 0 && !open.empty(); --count) {
    std::swap(open[(random() >> 16) % open.size()], open.back());
    if (reason == CloseReason::kMaximumConnectionsExceeded) {
      open.back()->close_with_error("maximum connections exceeded", reason);
    } else {
      open.back()->close(reason);
    }
    open.pop_back();
  }
  const auto& workers = broker_.workers();
  if (count == 0 || asked >= workers.size()) return;
  const std::size_t next = (loop_.id().value + 1U) % workers.size();
  workers[next]->loop().post(
      call_worker([count, reason, asked](Worker& w) { w.close_some(count, reason, asked + 1); }));
}

void Worker::say_goodbye() {
  for (LoopService* service : services_) service->on_goodbye();
  // The end of this tick posts what they send to other loops, before that.
  loop_.post(call_worker([](Worker& w) { w.broker_.goodbye_said(); }));
}

void Worker::close_all(CloseReason reason) {
  for (auto& [cid, client] : clients_) client->close(reason);
}

// ---- the tick

void Worker::on_loop_start() {
  on_housekeeping();
  for (LoopService* service : services_) service->on_loop_start();
}

// An idle loop ticks now and then, or what other loops unlink from the index could not be freed.
void Worker::on_housekeeping() {
  loop_.timers().arm(housekeeping_, loop_.now() + kHousekeeping);
  sweep_responses();
}

void Worker::on_tick_end() {
  run_rechecks();
  run_resumed();
  for (LoopService* service : services_) service->on_tick();
  post_batches();
  flush_dirty();
  // Writing may have closed clients, whose subscriptions' last messages are on their way already.
  post_batches();
  if (broker_.memory().is_limited()) watch_memory();
  bury();
  if (!step_works_.empty()) run_steps();
  broker_.index().passed_tick(loop_.id());
  budget_ = kTickBudget;
  if (!resume_.empty() && !out_of_credit_) loop_.tick_again();
}

void Worker::on_loop_stop() {
  for (LoopService* service : services_) service->on_loop_stop();
  loop_.timers().cancel(housekeeping_);
  clients_.clear();
  arrivals_.clear();
  dirty_.clear();
  resume_.clear();
  step_works_.clear();
}

// A few in each tick: a reload must not hold up those who are served.
void Worker::run_rechecks() {
  for (std::size_t left = kRechecksPerTick; left > 0 && !rechecks_.empty(); --left) {
    Client* client = open_client(rechecks_.back());
    rechecks_.pop_back();
    if (client != nullptr) client->recheck_login();
  }
  if (!rechecks_.empty()) return loop_.tick_again();
  recheck_under_way_ = nullptr;
}

void Worker::run_resumed() {
  if (resume_.empty() || out_of_credit_) return;
  budget_ = kTickBudget;
  // Those set aside during this run wait for the next one.
  for (std::size_t count = resume_.size(); count > 0 && may_produce(); --count) {
    Client* client = resume_.front();
    resume_.pop_front();
    client->in_resume_list = false;
    client->resume();
  }
}

void Worker::flush_dirty() {
  while (!dirty_.empty()) {
    flushing_.swap(dirty_);
    for (Client* client : flushing_) {
      client->in_dirty_list = false;
      client->flush();
    }
    flushing_.clear();
  }
}

void Worker::bury() {
  if (std::exchange(has_done_arrivals_, false))
    std::erase_if(arrivals_, [](const auto& arrival) { return arrival->is_done(); });
  if (finished_.empty()) return;
  std::erase_if(resume_, [](const Client* client) { return client->finished(); });
  for (const std::uint64_t cid : finished_) clients_.erase(cid);
  finished_.clear();
}

// ---- monitoring

WorkerStats Worker::stats() const {
  WorkerStats stats = counters_;
  stats.subscriptions = subscriptions_.size();
  stats.matches = routes_.lookups();
  stats.cache_hits = routes_.hits();
  stats.cached_subjects = routes_.size();
  return stats;
}

std::vector<std::uint64_t> Worker::connection_ids() const {
  std::vector<std::uint64_t> cids;
  cids.reserve(clients_.size());
  for (const auto& [cid, client] : clients_) cids.push_back(cid);
  return cids;
}

const Client* Worker::find_client(std::uint64_t cid) const {
  const auto found = clients_.find(cid);
  if (found == clients_.end() || found->second->closing()) return nullptr;
  return found->second.get();
}

const Client* Worker::find_shown(std::uint64_t cid) const {
  const Client* client = find_client(cid);
  return client == nullptr || client->is_hidden() ? nullptr : client;
}

void Worker::list_subscriptions(std::size_t first, std::size_t count,
                                std::vector<SubscriptionInfo>& into) {
  const std::size_t end = std::min(first + count, subscriptions_.slots());
  for (std::size_t slot = first; slot < end; ++slot) {
    const Subscription& subscription = subscriptions_.at(static_cast<std::uint32_t>(slot));
    if (subscription.client != nullptr && subscription.client != internal_.get())
      into.push_back(subscription.client->describe(subscription));
  }
}

void Worker::work_in_steps(std::unique_ptr<StepWork> work) {
  step_works_.push_back(std::move(work));
  loop_.tick_again();
}

void Worker::run_steps() {
  // A tick is as long however many there are. A step may bring new work.
  std::unique_ptr<StepWork> work = std::move(step_works_.front());
  step_works_.pop_front();
  if (!work->step(*this)) step_works_.push_back(std::move(work));
  if (!step_works_.empty()) loop_.give_way_and_tick_again();
}

}  // namespace midge::broker
