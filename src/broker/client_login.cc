// Logging a client in: what is asked, who answers, and what the answer changes.
#include <algorithm>
#include <array>

#include "broker/client.h"
#include "broker/inquirer.h"
#include "broker/login_state.h"
#include "broker/worker.h"
#include "codec/base64.h"
#include "codec/go_quoted.h"
#include "io/pool.h"

namespace midge::broker {

namespace {

constexpr std::size_t kNonceBytes = 11;
constexpr std::string_view kAccountConnections = "maximum account active connections exceeded";
constexpr std::string_view kSubscriptions = "maximum subscriptions exceeded";
// A timer is set anew after this long at the latest.
constexpr Duration kTimerMax = minutes(24 * 60);

std::string make_nonce(io::Entropy& entropy) {
  std::array<unsigned char, kNonceBytes> bytes;
  entropy.fill(bytes);
  return codec::encode_base64(codec::Base64::kRawUrl,
                              {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

CloseReason close_reason(auth::Refused::Reason reason) {
  switch (reason) {
    case auth::Refused::Reason::kAuthentication:
      return CloseReason::kAuthenticationFailure;
    case auth::Refused::Reason::kExpired:
      return CloseReason::kAuthenticationExpired;
    case auth::Refused::Reason::kRevoked:
      return CloseReason::kCredentialsRevoked;
    case auth::Refused::Reason::kProxyNotTrusted:
      return CloseReason::kProxyNotTrusted;
    case auth::Refused::Reason::kProxyRequired:
      return CloseReason::kProxyRequired;
  }
  return CloseReason::kAuthenticationFailure;
}

// A question that takes long: asked on the pool, answered to the session if it is still there.
class LoginJob final : public io::Job {
 public:
  LoginJob(Worker& worker, std::uint64_t cid, std::uint32_t question,
           auth::AuthenticatorPtr decider, auth::LoginRequest request)
      : worker_(worker),
        cid_(cid),
        question_(question),
        decider_(std::move(decider)),
        request_(std::move(request)) {}

  [[nodiscard]] bool computes() const override { return decider_->only_computes(); }
  void run() override { verdict_ = decider_->decide(request_); }
  void done() override {
    if (Client* client = worker_.open_client(cid_))
      client->take_verdict(question_, std::move(verdict_));
  }

 private:
  Worker& worker_;
  std::uint64_t cid_;
  std::uint32_t question_;
  auth::AuthenticatorPtr decider_;
  auth::LoginRequest request_;
  auth::Verdict verdict_;
};

}  // namespace

void Client::prepare_login() {
  if (!authenticator() || login_) return;
  login_ = std::make_unique<LoginState>(*this);
  // Made even where nobody is told it: what was signed for no nonce must not count after a reload.
  login_->nonce = make_nonce(worker_.broker().env().entropy());
  is_in_ = false;
}

void Client::begin_login() {
  prepare_login();  // a reload may have come during the TLS handshake
  if (login_ && must_log_in())
    worker_.loop().timers().arm(login_->timer, worker_.now() + auth_timeout());
}

std::string_view Client::admit(std::string_view input, const SharedBytes& chunk) {
  while (!input.empty() && !is_in_ && !closing_) {
    if (read_paused_) {
      set_aside(input, chunk);
      return {};
    }
    // Whoever does not begin with CONNECT has nothing to show, and is not listened to until it is
    // known whether that matters.
    const bool may_be_connect = login_->connect_begun || (input[0] | 0x20) == 'c';
    if (!may_be_connect) {
      log_in(Login::Event::kOtherFrame);
      continue;
    }
    login_->connect_begun = true;
    proto::Frame frame;
    const std::string_view before = input;
    switch (parser_.next(input, chunk, *limits_, options_.headers, frame)) {
      case proto::ParseStatus::kFrame:
        handle(frame);
        break;
      case proto::ParseStatus::kNeedMore:
        return {};
      case proto::ParseStatus::kError:
        handle_parse_error(frame, before);
        return {};
    }
  }
  return closing_ ? std::string_view() : input;
}

void Client::log_in(Login::Event event) {
  switch (login_->steps.step(event)) {
    case Login::Action::kNone:
      return;
    case Login::Action::kAsk:
    case Login::Action::kAskAsNobody:
      login_->by_connect = event == Login::Event::kConnect;
      worker_.loop().timers().cancel(login_->timer);
      return ask(false);
    case Login::Action::kInquire:
    case Login::Action::kEnter:
      return;  // take_verdict() has the question, or the identity
    case Login::Action::kRefuse:
      return;  // and the reason
    case Login::Action::kTimeOut:
      debug("Authentication Timeout");
      return refuse("Authentication Timeout", CloseReason::kAuthenticationTimeout);
    case Login::Action::kExpire: {
      const bool is_accounts = identity_ && identity_->expires_with_account;
      const std::string_view text =
          is_accounts ? "Account Authentication Expired" : "User Authentication Expired";
      debug(text);
      return refuse(text, CloseReason::kAuthenticationExpired);
    }
  }
}

auth::LoginRequest Client::login_request() const {
  auth::LoginRequest request;
  request.connect = options_;
  request.nonce = login_->nonce;
  request.connection_type = connection_type();
  request.remote_host = stream_->remote().host;
  request.tls = tls_peer();
  request.now = worker_.wall();
  request.cid = cid_;
  request.by_connect = login_->by_connect || is_in_;
  worker_.broker().env().entropy().fill(request.entropy);
  return request;
}

void Client::ask(bool again) {
  if (!authenticator()) {
    const bool by_connect = login_->by_connect;
    become_nobody();
    if (!again) go_on(by_connect);
    return;
  }
  auth::LoginRequest request = login_request();
  if (again) request.previous = identity_;
  login_->decider = authenticator();
  login_->asked_again = again;
  login_->asks_later = false;
  const std::uint32_t question = ++login_->question;
  if (!login_->decider->is_slow(request))
    return take_verdict(question, login_->decider->decide(request));
  if (!again) wait_for_answer();
  worker_.broker().env().pool().submit(
      worker_.loop(),
      std::make_unique<LoginJob>(worker_, cid_, question, login_->decider, std::move(request)));
}

// Nothing more is read until it is there. Not for a session that is in already: it goes on.
void Client::wait_for_answer() {
  read_paused_ = true;
  watch_stream();
}

void Client::inquire(std::uint32_t question, auth::InquiryPtr inquiry) {
  const BrokerConfig& config = worker_.config();
  if (login_->steps.step(Login::Event::kReferred) != Login::Action::kInquire) return;
  if (config.inquirer == nullptr)
    return take_verdict(question, auth::refused("nobody here asks services"));
  if (!login_->asked_again) wait_for_answer();
  config.inquirer->inquire(worker_, cid_, question, std::move(inquiry));
}

void Client::take_verdict(std::uint32_t question, auth::Verdict verdict) {
  if (closing_ || !login_ || question != login_->question) return;
  const bool again = login_->asked_again;
  // A reload came in between: its word counts.
  if (login_->decider != authenticator()) return ask(again);
  if (const auto* refused = std::get_if<auth::Refused>(&verdict)) {
    login_->steps.step(Login::Event::kRefused);
    // Users that a reload has removed are told nothing.
    if (again && refused->unknown_user) return close(CloseReason::kClientClosed);
    return refuse_login(*refused);
  }
  if (auto* inquiry = std::get_if<auth::InquiryPtr>(&verdict))
    return inquire(question, std::move(*inquiry));
  if (const auto* later = std::get_if<auth::AskLater>(&verdict)) {
    login_->asks_later = true;
    return worker_.loop().timers().arm(login_->timer, worker_.now() + later->after);
  }
  const bool by_connect = login_->by_connect;
  enter(std::move(std::get<auth::IdentityPtr>(verdict)));
  if (!again) go_on(by_connect);
}

void Client::enter(auth::IdentityPtr identity) {
  const bool again = login_->asked_again;
  login_->steps.step(Login::Event::kGranted);
  const AccountId account = worker_.broker().accounts().add(identity->account);
  if (account != account_) {
    if (again) return close(CloseReason::kClientClosed);
    remove_all_subscriptions();
    leave_account();
  }
  account_ = account;
  if (again) leave_account();  // entered anew: the account may hold fewer now
  if (!count_in_account()) {
    // Logged twice, as the peer does.
    log_wrong(kAccountConnections);
    return close_with_error(kAccountConnections, CloseReason::kMaximumAccountConnectionsExceeded);
  }
  set_identity(std::move(identity));
  if (!again && identity_->by_certificate && !options_.user.empty())
    worker_.log().warn("User " + codec::go_quoted(options_.user) +
                       " found in connect proto, but user required from cert");
  is_in_ = true;
  remove_forbidden_subscriptions();
  const std::int64_t max = subscriptions_max();
  if (max < 0 || sids_.size() <= static_cast<std::size_t>(max)) return;
  log_wrong(kSubscriptions);
  close_with_error(kSubscriptions, CloseReason::kMaximumSubscriptionsExceeded);
}

void Client::become_nobody() {
  const bool was_somebody = identity_ && !identity_->user.empty();
  if (was_somebody) return close(CloseReason::kClientClosed);
  set_identity(nullptr);
  login_.reset();
  is_in_ = true;
}

void Client::set_identity(auth::IdentityPtr identity) {
  identity_ = std::move(identity);
  permissions_.reset();
  if (identity_ && identity_->permissions) {
    permissions_ = std::make_unique<SessionPermissions>(
        identity_->permissions, worker_.broker().env().entropy().hash_salt());
  }
  choose_delivery();
  choose_limits();
  arm_expiry();
}

bool Client::count_in_account() {
  if (counted_in_account_ || is_hidden()) return true;
  const std::int64_t max = account_limits().max_connections;
  counted_in_account_ = worker_.broker().accounts().enter(account_, max);
  return counted_in_account_;
}

void Client::leave_account() {
  if (std::exchange(counted_in_account_, false)) worker_.broker().accounts().leave(account_);
}

AccountLimits Client::account_limits() const {
  const AccountPlan* plan = worker_.plans().find(account_);
  return plan == nullptr ? AccountLimits{} : plan->limits;
}

void Client::choose_limits() {
  limits_ = &worker_.config().parser;
  if (!identity_ || !login_) return;
  const std::int64_t accounts = account_limits().max_payload;
  if (identity_->max_payload < 0 && accounts < 0) return;
  login_->limits = *limits_;
  for (const std::int64_t max : {identity_->max_payload, accounts}) {
    if (max >= 0)
      login_->limits.max_payload = std::min<std::int64_t>(login_->limits.max_payload, max);
  }
  limits_ = &login_->limits;
}

void Client::choose_delivery() {
  if (closing_) return;
  const bool guarded = permissions_ && permissions_->guards_delivery();
  delivery_ = guarded ? Delivery::kGuarded : Delivery::kOpen;
}

bool Client::may_deliver(const Subscription& subscription, const Message& message) {
  if (closing_) return false;
  if (!permissions_->may_receive(message.subject, subscription.registration.queue())) return false;
  if (!message.reply.empty()) permissions_->note_request(message.reply, worker_.now());
  return true;
}

void Client::refuse_login(const auth::Refused& refused) {
  const std::string user = claimed_user();
  log_wrong("authentication error" + (user.empty() ? "" : " - " + user) + ": " + refused.why);
  if (SessionWatcher* watcher = worker_.session_watcher()) watcher->on_login_refused(*this);
  refuse(refused.text, close_reason(refused.reason));
}

void Client::go_on(bool by_connect) {
  if (closing_) return;
  if (by_connect) finish_connect();
  if (!read_paused_ || closing_) return;
  read_paused_ = false;
  if (input_set_aside()) worker_.resume_later(*this);
  watch_stream();
}

void Client::arm_expiry() {
  if (!login_) return;
  io::Timers& timers = worker_.loop().timers();
  timers.cancel(login_->timer);
  if (!identity_ || identity_->expires.ns == 0) return;
  const Duration left = identity_->expires - worker_.wall();
  timers.arm(login_->timer, worker_.now() + std::clamp(left, Duration{0}, kTimerMax));
}

void Client::on_login_timer() {
  if (closing_) return;
  if (login_->asks_later) return ask(login_->asked_again);
  if (!is_in_) return log_in(Login::Event::kOutOfTime);
  if (identity_ && worker_.wall() < identity_->expires) return arm_expiry();
  log_in(Login::Event::kExpired);
}

// ---- after a reload

void Client::take_config() {
  if (!closing_) choose_limits();
}

void Client::recheck_login() {
  if (closing_ || is_securing()) return;
  const bool was_asked = login_ != nullptr;
  if (!authenticator()) {
    if (was_asked && (is_in_ || !login_->steps.is_asking())) become_nobody();
    return;
  }
  if (!was_asked) {
    prepare_login();
    is_in_ = true;
    login_->steps.step(Login::Event::kConnect);
    login_->steps.step(Login::Event::kGranted);
  } else if (!is_in_ || login_->steps.is_asking()) {
    return;  // its turn comes
  }
  ask(true);
}

void Client::remove_forbidden_subscriptions() {
  if (!permissions_) return;
  std::vector<Subscription*> forbidden;
  sids_.for_each(worker_.subscriptions(), [&](Subscription& subscription) {
    const subject::Registration& place = subscription.registration;
    if (!permissions_->may_subscribe(place.subject(), place.queue()))
      forbidden.push_back(&subscription);
  });
  choose_delivery();
  for (Subscription* subscription : forbidden) {
    const subject::Registration& place = subscription->registration;
    std::string what = '"' + std::string(place.subject()) + '"';
    if (!place.queue().empty()) what += " using queue \"" + std::string(place.queue()) + '"';
    what += " (sid \"" + std::string(subscription->sid.text()) + "\")";
    remove_subscription(*subscription);
    send_error("Permissions Violation for Subscription to " + what);
    worker_.log().info("Removed sub " + what + " for " + claimed_user() + " - not authorized");
  }
}

}  // namespace midge::broker
