#include "broker/client.h"

#include <cstring>

#include "broker/login_state.h"
#include "broker/message_head.h"
#include "broker/worker.h"

namespace midge::broker {

namespace {

// Payloads from this size on are referenced where they lie; copying smaller ones is cheaper.
constexpr std::size_t kReferenceMin = 2048;
// More than this is written before the tick ends.
constexpr std::size_t kFlushEarly = 128 * 1024;
// Closed connections are remembered with their subscriptions if there are few.
constexpr std::size_t kClosedSubscriptionsMax = 100;
// How long a closed connection may take to accept its last output and to hang up.
constexpr Duration kLinger = milliseconds(500);

}  // namespace

Client::Client(Worker& worker, std::unique_ptr<io::Stream> stream, std::uint64_t cid)
    : worker_(worker),
      stream_(std::move(stream)),
      web_socket_(stream_->web_socket()),
      cid_(cid),
      limits_(&worker.config().parser),
      started_(worker.wall()) {
  if (worker.config().slow_consumer_policy == SlowConsumerPolicy::kDropOld) outbox_.track_frames();
}

Client::~Client() { remove_all_subscriptions(); }

std::unique_ptr<Client> Client::make_internal(Worker& worker, std::unique_ptr<io::Stream> stream) {
  auto client = std::make_unique<Client>(worker, std::move(stream), 0);
  client->delivery_ = Delivery::kInternal;
  return client;
}

void Client::open() {
  opened_ = last_input_ = worker_.now();
  if (io::ProxiedStream* proxied = stream_->proxied()) proxied->report_to(*this);
  stream_->attach(worker_.loop(), *this);
  debug("Client connection created");
  prepare_login();
  io::SecureStream* secure = stream_->secure();
  // A web socket's is encrypted already.
  if (secure != nullptr && secure->peer() == nullptr) return open_secure(*secure);
  if (greet()) begin_session();
}

bool Client::greet() {
  greeted_ = true;
  send_info();
  const std::int64_t limit = worker_.config().max_connections;
  if (worker_.broker().memory().refuses()) {
    close_with_error(kMemoryLimitReached, CloseReason::kMemoryLimitReached);
    return false;
  }
  if (worker_.broker().connection_count() <= std::max<std::int64_t>(limit, 0)) return true;
  close_with_error("maximum connections exceeded", CloseReason::kMaximumConnectionsExceeded);
  return false;
}

void Client::begin_session() {
  if (wait_for_proxy_header()) return;
  securing_ = Securing::kNone;
  begin_login();
  arm_first_ping();
}

// ---- input

void Client::on_readable() {
  if (finished_ || read_paused_ || input_set_aside() || is_securing()) return;
  ReadChunk& chunk = worker_.chunk();
  const std::span<char> room = chunk.room();
  const io::IoCount got = stream_->read(room);
  // What was mailed to this loop before these bytes became readable comes before them.
  worker_.loop().drain_mail();
  switch (got.status) {
    case io::IoCount::Status::kWouldBlock:
      return;
    case io::IoCount::Status::kEnd:
      if (closing_)
        finish();
      else
        close(CloseReason::kClientClosed);
      return;
    case io::IoCount::Status::kError:
      if (closing_) return finish();
      if (is_web_socket()) log_frame_fault();
      return close(CloseReason::kReadError);
    case io::IoCount::Status::kOk:
      break;
  }
  if (closing_) return;  // lingering: nobody reads what still comes
  chunk.filled(got.bytes);
  worker_.note_read(got.bytes);
  last_input_ = worker_.now();
  // The block is kept for this call: a frame may be set aside and the chunk replaced meanwhile.
  process({room.data(), got.bytes}, chunk.block());
}

void Client::process(std::string_view input, const SharedBytes& chunk) {
  if (!is_in_) [[unlikely]]
    input = admit(input, chunk);
  parse(input, chunk);
  worker_.end_run();
}

void Client::parse(std::string_view input, const SharedBytes& chunk) {
  proto::Frame frame;
  while (!input.empty()) {
    if (!worker_.may_produce() || read_paused_) {
      set_aside(input, chunk);
      return;
    }
    const std::string_view before = input;
    switch (parser_.next(input, chunk, *limits_, options_.headers, frame)) {
      case proto::ParseStatus::kFrame:
        if (frame.verb == proto::Verb::kPub && worker_.looks_ahead())
          worker_.look_ahead(account(), input);
        handle(frame);
        if (closing_) return;
        break;
      case proto::ParseStatus::kNeedMore:
        return;
      case proto::ParseStatus::kError:
        worker_.end_run();
        handle_parse_error(frame, before);
        return;
    }
  }
}

void Client::set_aside(std::string_view input, const SharedBytes& chunk) {
  set_aside_ = input;
  set_aside_chunk_ = chunk;
  watch_stream();
  if (!read_paused_) worker_.resume_later(*this);
}

void Client::resume() {
  if (closing_ || read_paused_) return;
  const std::string_view input = std::exchange(set_aside_, {});
  const SharedBytes chunk = std::move(set_aside_chunk_);
  process(input, chunk);
  if (!closing_ && !input_set_aside()) watch_stream();
}

void Client::handle(const proto::Frame& frame) {
  if (worker_.log().trace_on()) [[unlikely]]
    trace_in(frame);
  switch (frame.verb) {
    case proto::Verb::kPub:
      return handle_publish(frame);
    case proto::Verb::kHpub:
      return handle_headed_publish(frame);
    default:
      break;
  }
  // What follows may answer, or change who receives: publishes before it go first.
  worker_.end_run();
  switch (frame.verb) {
    case proto::Verb::kPub:
    case proto::Verb::kHpub:
      return;  // above
    case proto::Verb::kSub:
      return handle_subscribe(frame);
    case proto::Verb::kUnsub:
      return handle_unsubscribe(frame);
    case proto::Verb::kPing:
      return handle_ping();
    case proto::Verb::kPong:
      return handle_pong();
    case proto::Verb::kConnect:
      return handle_connect(frame);
    case proto::Verb::kInfo:
    case proto::Verb::kOk:
      return;  // harmless from a client
    case proto::Verb::kErr:
      return close(CloseReason::kParseError);
  }
}

void Client::handle_parse_error(const proto::Frame& frame, std::string_view input) {
  log_parse_error(frame, input);
  switch (parser_.error()) {
    case proto::ParseError::kUnknownOperation:
      return refuse("Unknown Protocol Operation", CloseReason::kProtocolViolation);
    case proto::ParseError::kControlLineTooLong:
      return refuse("maximum control line exceeded", CloseReason::kMaximumControlLineExceeded);
    case proto::ParseError::kPayloadTooLarge:
      trace_oversize(frame, input);
      return refuse("Maximum Payload Violation", CloseReason::kMaximumPayloadExceeded);
    case proto::ParseError::kClientError:
      return close(CloseReason::kParseError);
    case proto::ParseError::kNone:
    case proto::ParseError::kBadArguments:
    case proto::ParseError::kHeadersNotNegotiated:
      return close(CloseReason::kProtocolViolation);
  }
}

// ---- output

bool Client::deliver(Subscription& subscription, const MessageHead& head, const Message& message) {
  if (delivery_ != Delivery::kOpen) [[unlikely]] {
    if (delivery_ == Delivery::kInternal) return worker_.receive_internal(subscription, message);
    if (!may_deliver(subscription, message)) return false;
  }
  const MessageHead::Parts& parts = head.parts(options_.headers);
  const std::size_t head_size =
      parts.before_sid.size() + subscription.sid.size() + parts.after_sid.size();
  const std::size_t size = head_size + parts.payload.size() + 2;
  if (outbox_.pending() + size > worker_.pending_watermark()) [[unlikely]] {
    if (!make_room(size)) return false;
  }

  const bool by_reference = message.block != nullptr && parts.payload.size() >= kReferenceMin;
  char* at = outbox_.reserve(worker_.pool(), (by_reference ? head_size : size) + kPadding);
  at = copy_padded(at, parts.before_sid);
  at = subscription.sid.write(at);
  at = copy_padded(at, parts.after_sid);
  if (by_reference) {
    outbox_.commit(head_size);
    outbox_.append_reference(parts.payload, *message.block, true);
    outbox_.append(worker_.pool(), "\r\n");
  } else {
    std::memcpy(at, parts.payload.data(), parts.payload.size());
    std::memcpy(at + parts.payload.size(), "\r\n", 2);
    outbox_.commit(size);
  }
  outbox_.end_frame(true);

  ++traffic_.out_msgs;
  traffic_.out_bytes += parts.payload.size();
  WorkerStats& counters = worker_.counters();
  ++counters.traffic.out_msgs;
  counters.traffic.out_bytes += parts.payload.size();
  if (worker_.log().trace_on()) [[unlikely]] {
    std::string line(parts.before_sid);
    line.append(subscription.sid.text())
        .append(parts.after_sid.substr(0, parts.after_sid.size() - 2));
    trace_out(line);
    trace_payload("->>", parts.payload, options_.headers ? message.header_size : 0);
  }

  worker_.mark_dirty(*this);
  ++subscription.delivered;
  if (subscription.max != 0 && subscription.delivered >= subscription.max) [[unlikely]] {
    debug("Auto-unsubscribe limit of " + std::to_string(subscription.max) + " reached for sid '" +
          std::string(subscription.sid.text()) + "'");
    remove_subscription(subscription);
  }
  if (outbox_.pending() >= kFlushEarly && !write_blocked_) {
    // An outbox may hold a PONG, which promises that what came before it is on its way.
    worker_.post_batches();
    flush();
  }
  return true;
}

bool Client::make_room(std::size_t bytes) {
  const std::size_t limit = worker_.pending_max();
  if (!write_blocked_) flush();
  if (closing_) return false;
  if (outbox_.pending() + bytes > worker_.pending_watermark()) worker_.note_slow_receiver();
  if (outbox_.pending() + bytes <= limit) return true;
  WorkerStats& counters = worker_.counters();
  const auto drop_count = [&](std::size_t count) {
    dropped_ += count;
    counters.dropped_messages += count;
    if (std::exchange(has_policy_drops_, true)) return;
    ++counters.slow_consumers;
    worker_.log().warn(log_name() + " - Slow Consumer: dropping messages, " +
                       std::to_string(outbox_.pending()) + " bytes are pending");
  };
  switch (worker_.config().slow_consumer_policy) {
    case SlowConsumerPolicy::kDropOld:
      if (bytes <= limit) {
        // Making a little more room than needed keeps the cost per message low.
        drop_count(outbox_.drop_oldest(std::min(limit - bytes, limit - limit / 8)));
        if (outbox_.pending() + bytes <= limit) return true;
      }
      [[fallthrough]];
    case SlowConsumerPolicy::kDropNew:
      drop_count(1);
      return false;
    case SlowConsumerPolicy::kClose:
      break;
  }
  ++counters.slow_consumers;
  if (limit < static_cast<std::size_t>(worker_.config().max_pending))
    ++worker_.broker().memory().closed_connections;
  worker_.log().info(log_name() + " - Slow Consumer Detected: MaxPending of " +
                     std::to_string(limit) + " Exceeded");
  close(CloseReason::kSlowConsumerPendingBytes);
  return false;
}

void Client::send(std::string_view bytes) {
  if (finished_) return;
  // Answers count too: a client that asks for ever and never reads must not fill the memory.
  const std::size_t limit = worker_.pending_max();
  if (!closing_ && outbox_.pending() + bytes.size() > limit + kFlushEarly) {
    close(CloseReason::kSlowConsumerPendingBytes);
    return;
  }
  outbox_.append(worker_.pool(), bytes);
  outbox_.end_frame(false);
  worker_.mark_dirty(*this);
}

void Client::send_ok() {
  if (!options_.verbose) return;
  if (worker_.log().trace_on()) trace_out("OK");
  send("+OK\r\n");
}

void Client::send_error(std::string_view text) {
  if (worker_.log().trace_on()) trace_out("-ERR " + std::string(text));
  std::string line = "-ERR '";
  line.append(text).append("'\r\n");
  send(line);
}

void Client::send_no_responders(std::string_view sid, std::string_view reply,
                                std::string_view subject) {
  // Not a delivery: it counts for nobody's auto-unsubscribe.
  std::string block = "NATS/1.0 503\r\nNats-Subject: ";
  block.append(subject).append("\r\n\r\n");
  const std::string size = std::to_string(block.size());
  std::string line = "HMSG ";
  line.append(reply).append(" ").append(sid).append(" ");
  line.append(size).append(" ").append(size).append("\r\n");
  send(line + block + "\r\n");
}

void Client::flush() {
  if (finished_) return;
  if (write_blocked_) {
    outbox_.own_leftovers(worker_.pool());
    return;
  }
  after_flush(outbox_.flush(*stream_, worker_.pool()));
}

void Client::on_writable() {
  if (finished_) return;
  write_blocked_ = false;
  flush();
}

void Client::after_flush(Outbox::FlushStatus status) {
  switch (status) {
    case Outbox::FlushStatus::kDrained:
      if (write_timer_.armed() && !closing_) {
        worker_.loop().timers().cancel(write_timer_);
        has_policy_drops_ = false;
        watch_stream();
      }
      if (closing_)
        stream_->shutdown_write();
      else if (securing_ == Securing::kGreeting)
        start_handshake();
      return;
    case Outbox::FlushStatus::kBlocked:
      write_blocked_ = true;
      outbox_.own_leftovers(worker_.pool());
      watch_stream();
      if (!write_timer_.armed()) {
        write_mark_ = outbox_.written() + outbox_.pending();
        worker_.loop().timers().arm(write_timer_, worker_.now() + worker_.config().write_deadline);
      }
      return;
    case Outbox::FlushStatus::kFailed:
      if (closing_)
        finish();
      else
        close(CloseReason::kWriteError);
      return;
  }
}

void Client::watch_stream() {
  if (finished_) return;
  stream_->watch(!read_paused_ && !input_set_aside(), write_blocked_);
}

// ---- the end

void Client::close_with_error(std::string_view text, CloseReason reason) {
  if (closing_) return;
  log_wrong(text);
  refuse(text, reason);
}

void Client::refuse(std::string_view text, CloseReason reason) {
  if (closing_) return;
  send_error(text);
  close(reason);
}

void Client::close_for_memory() {
  if (outbox_.pending() < parser_.held_bytes()) {
    close_with_error(kMemoryLimitReached, CloseReason::kMemoryLimitReached);
    return parser_.give_up();
  }
  ++worker_.counters().slow_consumers;
  worker_.log().info(log_name() + " - Slow Consumer Detected: memory limit reached with " +
                     std::to_string(outbox_.pending()) + " bytes pending");
  close(CloseReason::kSlowConsumerPendingBytes);
}

void Client::close(CloseReason reason) {
  if (closing_) return;
  closing_ = true;
  delivery_ = Delivery::kClosed;
  reason_ = reason;
  debug("Client connection closed: " + std::string(to_text(reason)));
  ConnectionInfo record = info(sids_.size() <= kClosedSubscriptionsMax);
  record.stop = worker_.wall();
  record.reason = reason;
  if (!is_hidden()) {
    worker_.remember_closed(std::move(record));
    worker_.broker().add_connections(-1);
  }
  leave_account();
  remove_all_subscriptions();
  set_aside_ = {};
  set_aside_chunk_ = SharedBytes();
  read_paused_ = false;
  stall_timer_.reset();
  io::Timers& timers = worker_.loop().timers();
  timers.cancel(ping_timer_);
  timers.cancel(write_timer_);
  if (login_) timers.cancel(login_->timer);
  if (ends_at_once(reason)) return finish();
  if (is_web_socket()) web_socket_->set_goodbye(web_socket_status(reason), to_text(reason));
  // The peer is told by what is still pending and by the end of our output. Closing at once would
  // reset the connection under it if it has sent more than we have read.
  timers.arm(write_timer_, worker_.now() + kLinger);
  worker_.mark_dirty(*this);
  watch_stream();
}

bool Client::ends_at_once(CloseReason reason) const {
  switch (reason) {
    case CloseReason::kClientClosed:
    case CloseReason::kReadError:
      return !is_web_socket() || !web_socket_->owes_close();
    case CloseReason::kWriteError:
    case CloseReason::kSlowConsumerPendingBytes:
    case CloseReason::kSlowConsumerWriteDeadline:
      return true;
    default:
      return false;
  }
}

void Client::finish() {
  if (finished_) return;
  finished_ = true;
  outbox_.clear(worker_.pool());
  io::Timers& timers = worker_.loop().timers();
  timers.cancel(write_timer_);
  timers.cancel(ping_timer_);
  web_socket_ = nullptr;
  stream_.reset();
  worker_.client_finished(*this);
}

// ---- timers

void Client::on_write_timer() {
  if (closing_) return finish();
  const BrokerConfig& config = worker_.config();
  if (outbox_.empty()) return;
  const bool progressed = outbox_.written() >= write_mark_;
  if (!progressed && config.write_timeout != WriteTimeoutPolicy::kRetry) {
    ++worker_.counters().slow_consumers;
    worker_.log().info(log_name() + " - Slow Consumer Detected: WriteDeadline of " +
                       std::to_string(config.write_deadline.ns / 1000000) + "ms exceeded with " +
                       std::to_string(outbox_.pending()) + " total bytes.");
    close(CloseReason::kSlowConsumerWriteDeadline);
    return;
  }
  write_mark_ = outbox_.written() + outbox_.pending();
  worker_.loop().timers().arm(write_timer_, worker_.now() + config.write_deadline);
}

}  // namespace midge::broker
