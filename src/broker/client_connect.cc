// CONNECT, PING, PONG and INFO of a client.
#include <algorithm>

#include "broker/client.h"
#include "broker/login_state.h"
#include "broker/worker.h"

namespace midge::broker {

namespace {

// The first ping goes out soon after the connection, to learn its round-trip time.
constexpr Duration kFirstPing = seconds(2);

}  // namespace

void Client::handle_connect(const proto::Frame& frame) {
  const auto parsed = proto::parse_connect(frame.args, options_);
  if (!parsed) {
    log_wrong(parsed.error().text());
    close(CloseReason::kProtocolViolation);
    return;
  }
  if (is_web_socket()) read_cookies();
  // A second CONNECT begins anew: it may bring another identity. So does the first one of a client
  // that was let in without.
  const bool is_in = login_ && is_in_;
  if (std::exchange(connected_, true) || is_in) remove_all_subscriptions();
  // A first guess at the round trip, until a PING measures it.
  if (rtt_.ns == 0) rtt_ = worker_.broker().env().clock().now() - opened_;
  if (login_) return log_in(Login::Event::kConnect);
  finish_connect();
}

void Client::finish_connect() {
  options_.headers = options_.headers && worker_.config().headers;
  if (options_.protocol < 0 || options_.protocol > 1) {
    return close_with_error("invalid client protocol", CloseReason::kBadClientProtocolVersion);
  }
  if (!options_.account.empty() || options_.new_account) {
    return close_with_error("Authorization Violation", CloseReason::kAuthenticationFailure);
  }
  if (options_.no_responders && !options_.headers) {
    return close_with_error("no responders requires headers support",
                            CloseReason::kNoRespondersRequiresHeaders);
  }
  send_ok();
  // A client may say CONNECT again.
  SessionWatcher* watcher = worker_.session_watcher();
  if (watcher != nullptr && !is_hidden() && !std::exchange(told_, true))
    watcher->on_session_begin(*this);
}

void Client::handle_ping() {
  if (worker_.log().trace_on()) trace_out("PONG");
  send("PONG\r\n");
  if (!connected_ || std::exchange(pinged_, true) || options_.protocol < 1) return;
  proto::ServerInfo info = personal_info();
  info.connect_info = true;
  info.remote_account = worker_.broker().accounts().name(account_);
  info.account_is_system = account_ == kSystemAccount;
  info.max_payload = limits_->max_payload;
  send(proto::to_line(info));
}

void Client::handle_pong() {
  if (pings_out_ > 0) rtt_ = worker_.broker().env().clock().now() - ping_sent_;
  pings_out_ = 0;
}

proto::ServerInfo Client::personal_info() const {
  proto::ServerInfo info = worker_.config().info;
  info.client_id = cid_;
  if (!awaits_proxy_header()) info.client_ip = stream_->remote().host;
  if (is_web_socket()) tell_web_socket(info);
  const auth::Authenticator* decider = authenticator().get();
  if (login_ && !connected_ && decider != nullptr && decider->wants_nonce())
    info.nonce = login_->nonce;
  if (tls_first_) info.tls_required = true;
  // A connection that cannot be encrypted, within the process, is not asked to be.
  if (info.tls_required && stream_->secure() == nullptr) {
    info.tls_required = info.tls_verify = false;
    info.tls_available = true;
  }
  return info;
}

void Client::send_info() { send(proto::to_line(personal_info())); }

void Client::send_lame_duck_info() {
  // A client that has not sent its first PING does not expect INFO yet.
  if (!pinged_ || options_.protocol < 1) return;
  proto::ServerInfo info = personal_info();
  info.lame_duck_mode = true;
  send(proto::to_line(info));
}

void Client::arm_first_ping() {
  // Up to a fifth is added, so that a crowd that connects at once does not ping in step.
  Duration wait = std::min(kFirstPing, ping_interval());
  wait = wait + Duration{static_cast<std::int64_t>(worker_.random() >> 16) % (wait.ns / 5 + 1)};
  worker_.loop().timers().arm(ping_timer_, worker_.now() + wait);
}

void Client::on_ping_timer() {
  const BrokerConfig& config = worker_.config();
  const Duration silence = worker_.now() - last_input_;
  if (std::exchange(ping_due_, false) || silence >= ping_interval()) {
    if (pings_out_ + 1 > config.ping_max) {
      ++worker_.counters().stale_connections;
      debug("Stale Client Connection - Closing");
      close_with_error("Stale Connection", CloseReason::kStaleConnection);
      return;
    }
    ++pings_out_;
    ping_sent_ = worker_.broker().env().clock().now();
    if (worker_.log().trace_on()) trace_out("PING");
    send("PING\r\n");
  }
  worker_.loop().timers().arm(ping_timer_, worker_.now() + ping_interval());
}

}  // namespace midge::broker
