#include "server/callout/callout_desk.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "auth/jwt/callout_request.h"
#include "codec/base64.h"
#include "codec/go_quoted.h"
#include "io/pool.h"
#include "server/system/session_events.h"
#include "subject/target.h"

namespace midge::server {
namespace {

constexpr std::string_view kReplyPrefix = "$SYS._INBOX.";
constexpr std::size_t kReplyBytes = 16;
// How soon a service that was not there is asked again.
constexpr Duration kAskAgain = milliseconds(100);

std::string make_reply(io::Entropy& entropy) {
  std::array<unsigned char, kReplyBytes> bytes;
  entropy.fill(bytes);
  return std::string(kReplyPrefix)
      .append(codec::encode_base64(codec::Base64::kRawUrl,
                                   {reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
}

}  // namespace

// One login that waits for a service.
class CalloutDesk::Case final : public broker::InternalReceiver {
 public:
  Case(CalloutDesk& desk, std::uint64_t number) : desk_(desk), number(number) {}

  void on_message(const broker::Message& message) override {
    if (state != State::kAsked) return;  // the first answer counts
    answer = message.body();
    state = State::kAnswered;
    desk_.note(*this);
  }
  void on_timer() { desk_.note(*this); }

  enum class State : std::uint8_t { kToAsk, kAsked, kAnswered, kJudged };

 private:
  CalloutDesk& desk_;

 public:
  const std::uint64_t number;
  std::uint64_t cid = 0;
  std::uint32_t question = 0;
  auth::InquiryPtr inquiry;
  AccountId account{};
  MonoTime deadline{};
  State state = State::kToAsk;
  std::string reply, answer;
  std::optional<subject::Target> subscription;
  io::MemberTimer<&Case::on_timer> timer{*this};
};

class CalloutDesk::JudgeJob final : public io::Job {
 public:
  JudgeJob(CalloutDesk& desk, Case& login, WallTime now)
      : desk_(desk),
        number_(login.number),
        inquiry_(login.inquiry),
        answer_(std::move(login.answer)),
        now_(now) {}

  void run() override { verdict_ = inquiry_->judge(answer_, now_); }
  void done() override {
    const auto found = desk_.cases_.find(number_);
    if (found != desk_.cases_.end()) desk_.close(*found->second, std::move(verdict_));
  }

 private:
  CalloutDesk& desk_;
  std::uint64_t number_;
  auth::InquiryPtr inquiry_;
  std::string answer_;
  WallTime now_;
  auth::Verdict verdict_;
};

CalloutDesk::CalloutDesk(broker::Worker& worker) : worker_(worker) {}
CalloutDesk::~CalloutDesk() = default;

void CalloutDesk::inquire(std::uint64_t cid, std::uint32_t question, auth::InquiryPtr inquiry) {
  auto login = std::make_unique<Case>(*this, ++last_number_);
  login->cid = cid;
  login->question = question;
  login->account = worker_.broker().accounts().add(inquiry->account());
  login->inquiry = std::move(inquiry);
  login->deadline = worker_.now() + worker_.config().auth_timeout;
  login->reply = make_reply(worker_.broker().env().entropy());
  note(*login);
  cases_.emplace(login->number, std::move(login));
}

void CalloutDesk::note(const Case& login) {
  due_.push_back(login.number);
  worker_.loop().tick_again();
}

void CalloutDesk::on_tick() {
  if (due_.empty()) return;
  for (const std::uint64_t number : std::exchange(due_, {})) {
    const auto found = cases_.find(number);
    if (found != cases_.end()) look_at(*found->second);
  }
}

void CalloutDesk::on_loop_stop() {
  for (auto& [number, login] : cases_)
    if (login->subscription) worker_.unsubscribe_internal(*login->subscription);
  cases_.clear();
}

void CalloutDesk::look_at(Case& login) {
  switch (login.state) {
    case Case::State::kToAsk:
    case Case::State::kAsked:
      if (worker_.now() >= login.deadline) return refuse_late(login);
      if (login.state == Case::State::kToAsk) publish(login);
      return;
    case Case::State::kAnswered:
      return judge(login);
    case Case::State::kJudged:
      return;
  }
}

void CalloutDesk::publish(Case& login) {
  io::Timers& timers = worker_.loop().timers();
  const auth::Inquiry& inquiry = *login.inquiry;
  if (!worker_.has_interest(login.account, auth::jwt::kCalloutSubject)) {
    timers.arm(login.timer, std::min(login.deadline, worker_.now() + kAskAgain));
    return;
  }
  login.state = Case::State::kAsked;
  login.subscription = worker_.subscribe_internal(login.account, login.reply, "", login);
  timers.arm(login.timer, login.deadline);
  const std::string content = inquiry.headers() + inquiry.payload();
  worker_.publish_internal(auth::jwt::kCalloutSubject,
                           {.account = login.account,
                            .subject = auth::jwt::kCalloutSubject,
                            .reply = login.reply,
                            .header_size = static_cast<std::uint32_t>(inquiry.headers().size()),
                            .payload = content});
}

void CalloutDesk::judge(Case& login) {
  login.state = Case::State::kJudged;
  worker_.loop().timers().cancel(login.timer);
  io::Env& env = worker_.broker().env();
  env.pool().submit(worker_.loop(), std::make_unique<JudgeJob>(*this, login, worker_.wall()));
}

void CalloutDesk::refuse_late(Case& login) {
  std::string why = "Authorization callout response not received in time on account " +
                    codec::go_quoted(login.inquiry->account());
  if (login.state == Case::State::kToAsk)
    why.append(": nobody is subscribed to ").append(auth::jwt::kCalloutSubject);
  close(login, auth::refused(std::move(why)));
}

void CalloutDesk::close(Case& login, auth::Verdict verdict) {
  if (login.subscription) worker_.unsubscribe_internal(*login.subscription);
  const std::uint64_t cid = login.cid;
  const std::uint32_t question = login.question;
  const AccountId account = login.account;
  cases_.erase(login.number);
  broker::Client* client = worker_.open_client(cid);
  if (client == nullptr) return;
  if (const auto* refused = std::get_if<auth::Refused>(&verdict))
    tell_refused(account, *client, refused->why);
  client->take_verdict(question, std::move(verdict));
}

// The service's account hears of those who were not let in, as of its own who have left.
void CalloutDesk::tell_refused(AccountId account, const broker::Client& client,
                               std::string_view why) {
  constexpr std::string_view kSubject = "$SYS.ACCOUNT.CLIENT.AUTH.ERR";
  if (!worker_.has_interest(account, kSubject) || !worker_.config().sign_event) return;
  broker::ConnectionInfo info = client.info(false);
  info.account = worker_.broker().accounts().name(account);
  info.stop = worker_.wall();
  const std::string event = session_event(worker_, info, why);
  worker_.publish_internal(kSubject, {.account = account, .subject = kSubject, .payload = event});
}

}  // namespace midge::server
