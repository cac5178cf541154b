// What any thread calls.
#include "client/connection.h"

#include <utility>

#include "client/async_call.h"
#include "client/awaited.h"
#include "client/control_lines.h"
#include "client/message_block.h"
#include "client/patience.h"
#include "client/publish_frame.h"
#include "codec/base62.h"

namespace midge::detail {
namespace {

constexpr std::size_t kInboxDigits = 22;
constexpr int kNoResponders = 503;

bool is_sendable(std::string_view text) {
  for (const char letter : text)
    if (static_cast<unsigned char>(letter) <= ' ' || letter == 0x7F) return false;
  return !text.empty();
}

std::unexpected<Error> bad_subject() { return failure("invalid subject", ErrorCode::kInvalid); }

// The frame as it is sent, or why it cannot be.
Result<PublishFrame> frame_of(std::string_view subject, std::string_view reply,
                              const Headers* headers, std::string_view data) {
  if (!is_sendable(subject) || (!reply.empty() && !is_sendable(reply))) return bad_subject();
  PublishFrame frame{.subject = subject, .reply = reply, .header_lines = {}, .data = data};
  if (headers == nullptr) return frame;
  if (!headers->fault().empty()) return failure(std::string(headers->fault()), ErrorCode::kInvalid);
  frame.header_lines = headers->lines();
  return frame;
}

std::string draw_inbox(const std::string& prefix, io::Entropy& entropy) {
  return prefix + "." + codec::random_base62(kInboxDigits, [&] { return entropy.next(); });
}

}  // namespace

Connection::Connection(std::shared_ptr<Worker> worker, Options options,
                       std::vector<codec::ServerUrl> servers, std::optional<codec::ServerUrl> proxy)
    : worker_(std::move(worker)),
      options_(std::move(options)),
      proxy_(std::move(proxy)),
      outbox_({.pending_max = options_.pending_max, .buffered_max = options_.reconnect_buffer}),
      requests_(worker_->env().clock().now()),
      answers_prefix_(draw_inbox(options_.inbox_prefix, worker_->env().entropy()) + "."),
      pool_(
          std::move(servers),
          {.attempts_max = options_.reconnect_max,
           .wait = options_.reconnect_delay ? Duration{} : duration_of(options_.reconnect_wait)}) {
  subscriptions_.max_load_factor(0.9F);  // many of them: less air between
  if (!options_.keep_order) pool_.shuffle([&] { return worker_->env().entropy().next(); });
}

Connection::~Connection() = default;

Result<void> Connection::start() {
  if (!may_wait()) return waits_for_itself();
  worker_->post([self = shared_from_this()] {
    self->worker_->keep(self);
    self->untried_ = self->pool_.servers().size();
    self->try_next();
  });
  io::Monitor::Lock lock(monitor_);
  while (!options_.retry_first_connect && !view_.was_up && view_.status != Status::kClosed)
    monitor_.wait(lock);
  if (view_.end) return *view_.end;
  return {};
}

Error Connection::closed() const {
  const io::Monitor::Lock lock(monitor_);
  return view_.end ? *view_.end : Error("the connection is closed", ErrorCode::kClosed);
}

// On the loop's own thread the end of the tick sees to it.
void Connection::wake(Outbox::Appended appended) {
  if (worker_->on_its_thread())
    worker_->touch(*this);
  else if (appended.wakes)
    worker_->post([self = shared_from_this()] { self->write_out(); });
}

Result<void> Connection::publish(std::string_view subject, std::string_view reply,
                                 const Headers* headers, std::string_view data,
                                 const Deadline& deadline) {
  ASSIGN_OR_RETURN(const PublishFrame frame, frame_of(subject, reply, headers, data));
  const std::size_t size = frame.payload_size(), max = max_payload_.load(std::memory_order_relaxed);
  if (max != 0 && size > max)
    return failure("maximum payload exceeded: " + std::to_string(size) +
                       " bytes, where the server "
                       "takes " +
                       std::to_string(max),
                   ErrorCode::kTooLarge);
  ASSIGN_OR_RETURN(const Outbox::Appended appended,
                   outbox_.append(frame.size_max(), size, deadline, may_wait(),
                                  [&](char* at) { return frame.write(at); }));
  wake(appended);
  return {};
}

// The table knows it before the server does, so that no message finds it missing. Many at once
// share one mail, which is posted before anybody can ask for the end of one of them.
void Connection::add_subscription(std::shared_ptr<Subscription> subscription) {
  {
    const io::Monitor::Lock lock(arriving_monitor_);
    arriving_.push_back(std::move(subscription));
    if (arriving_.size() == 1 && !worker_->on_its_thread())
      worker_->post([self = shared_from_this()] { self->take_arriving(); });
  }
  if (worker_->on_its_thread()) take_arriving();
}

Result<std::shared_ptr<Subscription>> Connection::subscribe(std::string_view subject,
                                                            SubscribeOptions options,
                                                            Subscription::Callback callback) {
  if (!is_sendable(subject)) return bad_subject();
  if (!options.queue.empty() && !is_sendable(options.queue))
    return failure("invalid queue name", ErrorCode::kInvalid);
  if (status() >= Status::kDraining) return closed();
  auto subscription =
      std::make_shared<Subscription>(weak_from_this(), next_sid_.fetch_add(1), std::string(subject),
                                     std::move(options), std::move(callback));
  add_subscription(subscription);
  ASSIGN_OR_RETURN(const Outbox::Appended appended,
                   outbox_.append_control(sub_lines(*subscription)));
  wake(appended);
  return subscription;
}

void Connection::unsubscribe(const std::shared_ptr<Subscription>& subscription) {
  subscription->end();
  if (auto appended = outbox_.append_control(unsub_line(subscription->sid))) wake(*appended);
  worker_->post([self = shared_from_this(), sid = subscription->sid] { self->remove(sid); });
}

void Connection::unsubscribe_after(const std::shared_ptr<Subscription>& subscription,
                                   std::uint64_t max) {
  subscription->limit(max);
  if (auto appended = outbox_.append_control(unsub_line(subscription->sid, max))) wake(*appended);
  worker_->post([self = shared_from_this(), subscription] {
    if (subscription->received >= subscription->max) self->remove(subscription->sid);
  });
}

// What the server had sent before it read UNSUB comes before the PONG. It is told once more at the
// end: the first time there may have been no connection, and the next one subscribed anew.
Result<void> Connection::drain(const std::shared_ptr<Subscription>& subscription,
                               const Deadline& deadline) {
  if (auto appended = outbox_.append_control(unsub_line(subscription->sid))) wake(*appended);
  auto flushed = flush(deadline);
  unsubscribe(subscription);
  return flushed;
}

std::string Connection::new_inbox() {
  return draw_inbox(options_.inbox_prefix, worker_->env().entropy());
}

// One subscription for the answers to all requests.
Result<void> Connection::ensure_answers() {
  const io::Monitor::Lock lock(answers_monitor_);
  if (answers_ && answers_refused_)
    if (auto why = refusals_.find(answers_->sid)) return *std::move(why);
  if (answers_) return {};
  ASSIGN_OR_RETURN(answers_,
                   subscribe(answers_prefix_ + "*", {}, [this](const Message& m) { answer(m); }));
  return {};
}

void Connection::answer(const Message& message) {
  const auto token = token_of(message.subject());
  const OnAnswer done = token ? requests_.take(*token) : OnAnswer();
  if (!done) return;  // it came too late
  if (message.status() == kNoResponders && message.data().empty())
    done(Error("no responders", ErrorCode::kNoResponders));
  else
    done(message);
}

Result<std::string> Connection::begin_request(OnAnswer done, std::optional<MonoTime> until,
                                              RequestToken& token, EndsWith ends_with) {
  TRY(ensure_answers());
  token = requests_.add(std::move(done), until, ends_with == EndsWith::kLink);
  return inbox_of(answers_prefix_, token);
}

Result<Message> Connection::request(std::string_view subject, const Headers* headers,
                                    std::string_view data, const Deadline& deadline) {
  if (!may_wait()) return waits_for_itself();
  const Remaining left(deadline);
  Awaited<Result<Message>> answer;
  RequestToken token;
  ASSIGN_OR_RETURN(const std::string inbox,
                   begin_request([&answer](Result<Message> m) { answer.come(std::move(m)); },
                                 std::nullopt, token));
  // Whoever takes the request out of the table tells us, and nobody else will.
  if (auto sent = publish(subject, inbox, headers, data, deadline); !sent) {
    if (requests_.take(token)) return std::move(sent).error();
    return answer.wait();
  }
  std::optional<Error> why;
  if (auto come = answer.wait(left(), why)) return *std::move(come);
  if (requests_.take(token)) return *std::move(why);
  return answer.wait();
}

Result<void> Connection::request_async(std::string_view subject, const Headers* headers,
                                       std::string_view data, OnAnswer done,
                                       const Deadline& deadline, EndsWith ends_with) {
  if (deadline.stop.stop_possible()) {
    const auto call = AsyncCall<Message>::make(shared_from_this(), std::move(done));
    // The table keeps it for as long, and no longer.
    TRY(request_async(
        subject, headers, data, [call](Result<Message> answer) { call->finish(std::move(answer)); },
        deadline.timeout, ends_with));
    call->begin(deadline);
    return {};
  }
  RequestToken token;
  const MonoTime until = io::Monitor::now() + duration_of(deadline.timeout);
  ASSIGN_OR_RETURN(const std::string inbox,
                   begin_request(std::move(done), until, token, ends_with));
  if (auto sent = publish(subject, inbox, headers, data, deadline); !sent) {
    // Once it is taken by somebody else, `done` is told.
    if (requests_.take(token)) return std::move(sent).error();
    return {};
  }
  if (token.is_next) worker_->post([self = shared_from_this()] { self->arm_requests(); });
  return {};
}

Result<void> Connection::flush(const Deadline& deadline) {
  if (!may_wait()) return waits_for_itself();
  // Shared: the PONG may come when nobody waits any more.
  const auto pong = std::make_shared<Awaited<std::optional<Error>>>();
  ASSIGN_OR_RETURN(const Outbox::Appended appended,
                   trips_.begin([pong](std::optional<Error> why) { pong->come(std::move(why)); }));
  wake(appended);
  std::optional<Error> over;
  auto come = pong->wait(deadline, over);
  if (!come) return *std::move(over);
  if (*come) return **std::move(come);
  return {};
}

Result<void> Connection::flush_async(std::function<void(Result<void>)> done,
                                     const Deadline& deadline) {
  const auto call = AsyncCall<void>::make(shared_from_this(), std::move(done));
  ASSIGN_OR_RETURN(const Outbox::Appended appended, trips_.begin([call](std::optional<Error> why) {
    call->finish_later(why ? Result<void>(*std::move(why)) : Result<void>());
  }));
  wake(appended);
  call->begin(deadline);
  return {};
}

Result<void> Connection::drain(const Deadline& deadline) {
  if (!may_wait()) return waits_for_itself();
  const Remaining left(deadline);
  worker_->post([self = shared_from_this()] {
    if (self->closed_) return;
    self->take_status(Status::kDraining);
    for (const auto& subscription : self->subscriptions_)
      (void)self->outbox_.append_control(unsub_line(subscription->sid));
    self->worker_->touch(*self);
  });
  // The first PONG comes behind what the server had sent, the second behind what callbacks said.
  worker_->catch_up();
  auto flushed = flush(left());
  if (flushed) flushed = flush(left());
  close();
  return flushed;
}

void Connection::close() {
  worker_->post([self = shared_from_this()] { self->end(std::nullopt); });
  if (!may_wait() || worker_->is_driven_elsewhere()) return;
  worker_->catch_up();
  // And with what that has posted: from here on the loop owns it no more, so that a program's last
  // client ends the thread before the program ends.
  worker_->catch_up();
}

void Connection::force_reconnect() {
  worker_->post([self = shared_from_this()] {
    if (self->link_) self->on_down(Error("the user wants another connection"), false);
  });
}

Status Connection::status() const {
  const io::Monitor::Lock lock(monitor_);
  return view_.status;
}

ClientFigures Connection::figures() {
  const OutboxFigures out = outbox_.figures();
  return {.in_messages = in_messages_,
          .in_bytes = in_bytes_,
          .out_messages = out.messages,
          .out_bytes = out.bytes,
          .reconnects = reconnects_,
          .waiting_bytes = out.waiting};
}

std::string Connection::connected_url() const {
  const io::Monitor::Lock lock(monitor_);
  return view_.url;
}

std::string Connection::connected_server() const {
  const io::Monitor::Lock lock(monitor_);
  return view_.server;
}

ServerInfo Connection::server_info() const {
  const io::Monitor::Lock lock(monitor_);
  return view_.url.empty() ? ServerInfo{} : view_.info;
}

std::vector<std::string> Connection::servers() const {
  const io::Monitor::Lock lock(monitor_);
  return view_.servers;
}

std::string Connection::last_error() const {
  const io::Monitor::Lock lock(monitor_);
  return view_.last_error;
}

}  // namespace midge::detail
