// What the loop does: attempts, the link of the moment, deliveries.
#include <algorithm>
#include <utility>

#include "client/connection.h"
#include "client/control_lines.h"
#include "client/dial.h"
#include "client/message_block.h"
#include "client/patience.h"

namespace midge::detail {

void Connection::tell(EventKind kind, std::string text, std::string subject) {
  if (!options_.on_event) return;
  options_.on_event({.kind = kind,
                     .text = std::move(text),
                     .server = pool_.empty() ? "" : pool_.servers().front().url.text(),
                     .subject = std::move(subject)});
}

void Connection::take_status(Status status) {
  const io::Monitor::Lock lock(monitor_);
  view_.status = status;
  if (status != Status::kConnected && status != Status::kDraining) view_.url = view_.server = "";
  if (status == Status::kConnected) view_.was_up = true;
  show_servers();
  monitor_.tell();
}

void Connection::show_servers() {
  view_.servers.clear();
  for (const ServerPool::Server& server : pool_.servers())
    view_.servers.push_back(server.url.text());
}

bool Connection::wants_secure(const ServerPool::Server& server) const {
  return options_.tls.required || options_.tls.first || server.url.is_secure() ||
         server.wants_secure;
}

Duration Connection::extra_wait(bool link_was_up) {
  const ServerPool::Server& server = pool_.servers().front();
  if (options_.reconnect_delay)
    return duration_of(options_.reconnect_delay(link_was_up ? 0 : server.failures + 1));
  const std::int64_t most =
      duration_of(wants_secure(server) ? options_.reconnect_jitter_tls : options_.reconnect_jitter)
          .ns;
  if (most <= 0) return {};
  return {static_cast<std::int64_t>(worker_->env().entropy().next() %
                                    static_cast<std::uint64_t>(most))};
}

void Connection::try_next() {
  const ServerPool::Server* const server = pool_.next();
  const bool first_round = !view_.was_up && !options_.retry_first_connect;
  if (server == nullptr || (first_round && untried_ == 0)) {
    worker_->post([self = shared_from_this()] {
      self->end(self->failure_ ? *self->failure_ : Error("no servers"));
    });
    return;
  }
  worker_->loop().timers().arm(retry_, std::max(server->not_before, worker_->loop().now()));
}

void Connection::dial_now() {
  if (closed_) return;
  const ServerPool::Server& server = *pool_.next();
  if (untried_ > 0) --untried_;
  const std::uint64_t attempt = ++attempt_;
  dial(*worker_,
       {.url = server.url,
        .login = options_.login,
        .tls = options_.tls,
        .web_socket = options_.web_socket,
        .proxy = proxy_,
        .secure = wants_secure(server),
        .timeout = duration_of(options_.connect_timeout),
        .in_process = options_.in_process},
       [self = shared_from_this(), attempt](Result<Dialed> dialed) {
         self->on_dialed(attempt, std::move(dialed));
       });
}

void Connection::on_dialed(std::uint64_t attempt, Result<Dialed> dialed) {
  if (closed_ || attempt != attempt_) return;
  if (!dialed) return on_attempt_failed(dialed.error(), false);
  const bool can_secure = dialed->stream->secure() != nullptr;
  LinkTerms terms{
      .handshake = {.login = std::move(dialed->login),
                    .connect = {.name = options_.name,
                                .echo = options_.echo,
                                .verbose = options_.verbose,
                                .pedantic = options_.pedantic},
                    .can_secure = can_secure,
                    .wants_secure = can_secure,
                    .secure_first = options_.tls.first && can_secure,
                    .in_frames = dialed->stream->web_socket() != nullptr},
      .patience = duration_of(options_.connect_timeout),
      .ping_interval = duration_of(options_.ping_interval),
      .pings_out_max = options_.pings_out_max,
      .proxy_fault = std::move(dialed->proxy_fault),
  };
  link_ = std::make_unique<Link>(*worker_, static_cast<LinkEvents&>(*this),
                                 std::move(dialed->stream), std::move(terms));
  link_->open();
}

void Connection::note_failure(const Error& why) {
  failure_ = why;
  const io::Monitor::Lock lock(monitor_);
  view_.last_error = why.text();
}

void Connection::on_attempt_failed(const Error& why, bool refused) {
  note_failure(why);
  tell(EventKind::kAttemptFailed, why.text());
  const bool again = refused && pool_.on_refused(why.text());
  if (again && view_.was_up && !options_.ignore_auth_error) return end(why);
  pool_.on_failed(worker_->loop().now(), extra_wait(false));
  try_next();
}

void Connection::on_up(const ServerFacts& facts) {
  facts_ = facts;
  pool_.on_connected();
  take_facts(facts);
  const bool again = view_.was_up;
  {
    const io::Monitor::Lock lock(monitor_);
    view_.url = pool_.servers().front().url.text();
    view_.server = facts.server_name;
  }
  // From here on who subscribes finds the outbox open; who did so before is in the table, or in
  // the mail.
  trips_.on_up();
  worker_->loop().drain_mail();
  if (closed_ || !link_) return;
  const bool drains = status() == Status::kDraining;
  if (!drains) resubscribe();
  // Writing may have found out that the link is down already.
  if (!link_) return;
  is_up_ = true;
  take_status(drains ? Status::kDraining : Status::kConnected);
  if (again) ++reconnects_;
  if (again) tell_watchers();
  tell(again ? EventKind::kReconnected : EventKind::kConnected);
}

void Connection::after(Duration delay, std::function<void()> action) {
  if (closed_) return worker_->post(std::move(action));
  later_.at(worker_->loop().now() + delay, std::move(action));
}

void Connection::watch_reconnects(std::weak_ptr<ReconnectWatcher> watcher) {
  std::erase_if(watchers_, [](const auto& other) { return other.expired(); });
  watchers_.push_back(std::move(watcher));
}

void Connection::tell_watchers() {
  const auto watchers = watchers_;  // they may add others
  for (const auto& each : watchers)
    if (const auto watcher = each.lock()) watcher->on_reconnected();
}

void Connection::resubscribe() {
  // This server may see it otherwise.
  answers_refused_ = false;
  for (const std::uint64_t sid : refusals_.take())
    if (const auto found = subscriptions_.find(sid); found != subscriptions_.end())
      if ((*found)->inbox) (*found)->inbox->set_fault(std::nullopt);
  std::string lines;
  for (const auto& subscription : subscriptions_)
    if (!subscription->is_over()) lines += sub_lines(*subscription);
  link_->say(lines);
}

ServerInfo Connection::info_of(const ServerFacts& facts) const {
  return {.id = facts.server_id,
          .name = facts.server_name,
          .version = facts.version,
          .cluster = facts.cluster,
          .client_id = facts.client_id,
          .client_ip = facts.client_ip,
          .max_payload = max_payload_,
          .headers = facts.headers,
          .jetstream = facts.jetstream,
          .auth_required = facts.auth_required,
          .tls_required = facts.tls_required,
          .lame_duck = facts.lame_duck};
}

void Connection::take_facts(const ServerFacts& facts) {
  max_payload_ = static_cast<std::size_t>(std::max<std::int64_t>(facts.max_payload, 0));
  const bool is_new =
      !options_.ignore_discovered && !options_.in_process && pool_.discover(facts.connect_urls);
  {
    const io::Monitor::Lock lock(monitor_);
    show_servers();
    view_.info = info_of(facts);
  }
  if (is_new) tell(EventKind::kDiscovered);
}

void Connection::on_info(std::string_view json) {
  const bool was_lame = facts_.lame_duck;
  if (auto read = read_info(json, facts_); !read)
    return on_server_error("INFO: " + read.error().text());
  take_facts(facts_);
  if (facts_.lame_duck && !was_lame) tell(EventKind::kLameDuck);
}

void Connection::on_server_error(std::string_view text) {
  {
    const io::Monitor::Lock lock(monitor_);
    view_.last_error = text;
  }
  const auto refusal = read_refusal(text);
  if (refusal && refusal->of_subscription)
    refuse(*refusal, Error(std::string(text), ErrorCode::kPermission));
  tell(EventKind::kError, std::string(text), std::string(refusal ? refusal->subject : ""));
}

// They stay in the table, and the next connection asks for them again.
void Connection::refuse(const Refusal& refusal, const Error& why) {
  bool of_answers = false;
  for (const auto& subscription : subscriptions_) {
    const std::string_view queue = subscription->queue ? *subscription->queue : std::string_view();
    if (subscription->subject != refusal.subject || queue != refusal.queue) continue;
    refusals_.add(subscription->sid, why);
    if (subscription->inbox) subscription->inbox->set_fault(why);
    of_answers |= subscription->subject.starts_with(answers_prefix_);
  }
  if (!of_answers) return;
  answers_refused_ = true;
  for (const OnAnswer& done : requests_.take_all()) done(why);
}

void Connection::on_pong() { trips_.on_pong(); }

void Connection::ping() {
  if (trips_.begin(nullptr)) write_out();
}

// While users go on writing, what they write gathers for a moment: a system call for each few
// messages, and a lock that both sides want all the time, would cost more than the messages do.
bool Connection::more_to_write(std::string& into) {
  constexpr int kAtOnce = 2;  // writes in a row, as a few requests at once may need
  constexpr std::size_t kWorthAWrite = 64 * 1024;
  constexpr Duration kMoment = microseconds(100);
  const bool gathers = writes_in_a_row_ >= kAtOnce && !has_gathered_;
  has_gathered_ = false;
  switch (outbox_.take(into, gathers ? kWorthAWrite : 0)) {
    case Outbox::Taken::kNothing:
      writes_in_a_row_ = 0;
      return false;
    case Outbox::Taken::kLittle:
      has_gathered_ = true;
      worker_->touch_within(*this, kMoment);
      return false;
    case Outbox::Taken::kAll:
      break;
  }
  ++writes_in_a_row_;
  return true;
}

void Connection::write_out() {
  if (link_) link_->write_out();
}

void Connection::on_message(const proto::ServerFrame& frame) {
  const std::size_t size = frame.headers.size() + frame.payload.size();
  in_messages_.store(in_messages_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  in_bytes_.store(in_bytes_.load(std::memory_order_relaxed) + size, std::memory_order_relaxed);
  const auto found = subscriptions_.find(frame.sid);
  if (found == subscriptions_.end()) return;  // it was unsubscribed meanwhile
  MessageBlock block{.subject = frame.subject,
                     .reply = frame.reply,
                     .headers = frame.headers,
                     .data = frame.payload};
  // A callback may unsubscribe.
  const std::shared_ptr<Subscription> subscription = *found;
  deliver(*subscription, block);
}

void Connection::deliver(Subscription& subscription, MessageBlock& block) {
  if (subscription.has_ended()) return;
  const std::uint64_t received = subscription.received.fetch_add(1, std::memory_order_relaxed) + 1;
  if (subscription.callback) {
    const Message message = MessageBlock::handle(&block);
    subscription.callback(message);
  } else {
    const auto put =
        subscription.inbox->put(MessageBlock::handle(MessageBlock::copy_of(block)), size_of(block));
    if (put == Inbox::Put::kTaken) {
      subscription.inbox->is_slow = false;
    } else if (!std::exchange(subscription.inbox->is_slow, true)) {
      tell(EventKind::kSlowConsumer, subscription.subject, subscription.subject);
    }
    if (put == Inbox::Put::kFull) {
      (void)outbox_.append_control(unsub_line(subscription.sid));
      worker_->touch(*this);
      return remove(subscription.sid);
    }
  }
  if (subscription.max != 0 && received >= subscription.max) remove(subscription.sid);
}

void Connection::take_arriving() {
  std::vector<std::shared_ptr<Subscription>> arrived;
  {
    const io::Monitor::Lock lock(arriving_monitor_);
    arrived.swap(arriving_);
  }
  for (std::shared_ptr<Subscription>& each : arrived) {
    if (closed_)
      each->end();
    else
      subscriptions_.insert(std::move(each));
  }
}

void Connection::remove(std::uint64_t sid) {
  const auto found = subscriptions_.find(sid);
  if (found == subscriptions_.end()) return;
  (*found)->end();
  refusals_.forget(sid);
  subscriptions_.erase(found);
}

void Connection::drop_link() {
  is_up_ = false;
  if (!link_) return;
  link_->abandon();
  worker_->retire(std::move(link_));
}

void Connection::on_needs_secure() {
  const_cast<ServerPool::Server&>(pool_.servers().front()).wants_secure = true;
  drop_link();
  dial_now();
}

void Connection::on_down(Error why, bool refused) {
  const bool was_up = is_up_;
  std::size_t written = 0;
  std::string rest = link_->take_unwritten(written);
  trips_.on_down(std::move(rest), written,
                 Error("the connection was lost: " + why.text(), ErrorCode::kClosed));
  drop_link();
  if (!was_up) return on_attempt_failed(why, refused);
  const auto lost =
      options_.fail_requests_on_disconnect ? requests_.take_all() : requests_.take_lost();
  for (const OnAnswer& done : lost)
    done(Error("the connection was lost before the answer came", ErrorCode::kClosed));
  const bool goes_on = options_.reconnect && status() != Status::kDraining;
  if (goes_on) take_status(Status::kReconnecting);
  tell(EventKind::kDisconnected, why.text());
  if (!goes_on) return end(std::move(why));
  note_failure(why);
  if (refused) (void)pool_.on_refused(why.text());
  pool_.on_lost(worker_->loop().now(), extra_wait(true));
  try_next();
}

void Connection::end(std::optional<Error> why) {
  if (std::exchange(closed_, true)) return;
  drop_link();
  worker_->loop().timers().cancel(retry_);
  worker_->loop().timers().cancel(request_time_);
  const Error error("the connection is closed", ErrorCode::kClosed);
  trips_.on_closed(error);
  for (const auto& subscription : subscriptions_) subscription->end();
  subscriptions_.clear();
  {
    const io::Monitor::Lock lock(monitor_);
    view_.end = why ? *why : error;
  }
  for (const OnAnswer& done : requests_.take_all()) done(error);
  later_.run_all();
  tell(EventKind::kClosed, why ? why->text() : "");
  take_status(Status::kClosed);
  worker_->forget(*this);
}

void Connection::arm_requests() {
  if (closed_) return;
  if (const auto next = requests_.next_expiry()) worker_->loop().timers().arm(request_time_, *next);
}

void Connection::on_request_time() {
  for (const OnAnswer& done : requests_.expire(worker_->loop().now()))
    done(Error("timeout", ErrorCode::kTimeout));
  arm_requests();
}

}  // namespace midge::detail
