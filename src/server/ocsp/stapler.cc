#include "server/ocsp/stapler.h"

#include <algorithm>
#include <utility>

#include "codec/conf/duration.h"
#include "codec/json_writer.h"

namespace midge::server {
namespace {

constexpr Duration kUnlessTold = minutes(24 * 60);  // the responder does not say when
constexpr Duration kAgain = minutes(2);             // after what is over
constexpr Duration kSoonest = seconds(1);

Duration until_next(const tls::OcspAnswerPtr& answer, WallTime now) {
  if (answer == nullptr) return kAgain;
  if (answer->next_update.ns == 0) return kUnlessTold;
  const Duration half = (answer->next_update - now) / 2;
  return half.ns < 0 ? kAgain : std::max(half, kSoonest);
}

}  // namespace

// One staple and when it is asked for again.
class Stapler::Watch : public std::enable_shared_from_this<Watch> {
 public:
  Watch(Stapler& stapler, io::Loop& loop, std::shared_ptr<Staples> staples, tls::StaplePtr staple)
      : stapler_(stapler), loop_(loop), staples_(std::move(staples)), staple_(std::move(staple)) {}

  void start() {
    stapler_.log_.info("OCSP Stapling enabled for Client connections");
    const tls::OcspAnswerPtr answer = staple_->answer();
    const bool known = answer && tls::check_current(*answer, stapler_.env_.clock().wall()) &&
                       (answer->status == tls::OcspStatus::kGood || staples_->is_fatal());
    if (known) return judge("Found", " at");
    arm(Duration{});
  }
  void renewed(const Result<tls::OcspAnswerPtr>& answer) {
    if (answer) return judge("Received", "");
    const Duration wait = until_next(staple_->answer(), stapler_.env_.clock().wall());
    stapler_.log_.error("Bad OCSP status update for certificate '" + staple_->cert_file() + "': " +
                        answer.error().text() + ", trying again in " + conf::format_duration(wait));
    arm(wait);
  }

 private:
  void arm(Duration wait) { loop_.timers().arm(timer_, loop_.now() + wait); }
  void judge(const char* verb, const char* preposition);
  void on_timer();

  Stapler& stapler_;
  io::Loop& loop_;
  const std::shared_ptr<Staples> staples_;
  const tls::StaplePtr staple_;
  io::MemberTimer<&Watch::on_timer> timer_{*this};
  friend class RenewJob;
};

class Stapler::RenewJob final : public io::Job {
 public:
  RenewJob(std::weak_ptr<Watch> watch, std::shared_ptr<Staples> staples, tls::StaplePtr staple)
      : watch_(std::move(watch)), staples_(std::move(staples)), staple_(std::move(staple)) {}
  void run() override { answer_ = staples_->renew(*staple_); }
  void done() override {
    if (const auto watch = watch_.lock()) watch->renewed(answer_);
  }

 private:
  const std::weak_ptr<Watch> watch_;
  const std::shared_ptr<Staples> staples_;
  const tls::StaplePtr staple_;
  Result<tls::OcspAnswerPtr> answer_;
};

void Stapler::Watch::on_timer() {
  stapler_.env_.pool().submit(loop_,
                              std::make_unique<RenewJob>(weak_from_this(), staples_, staple_));
}

// Says what the answer means, and when it is asked for again.
void Stapler::Watch::judge(const char* verb, const char* preposition) {
  const tls::OcspAnswerPtr answer = staple_->answer();
  const Duration wait = until_next(answer, stapler_.env_.clock().wall());
  const std::string text = std::string(verb) + " OCSP status for Client certificate" + preposition +
                           " '" + staple_->cert_file() + "': " + tls::to_text(answer->status);
  if (answer->status == tls::OcspStatus::kGood) {
    const std::string next = answer->next_update.ns == 0 ? "0001-01-01T00:00:00Z"
                                                         : codec::rfc3339_nano(answer->next_update);
    stapler_.log_.info(text + ", next update " + next + ", checking again in " +
                       conf::format_duration(wait));
  } else {
    stapler_.log_.error(text);
    if (staples_->is_fatal()) return stapler_.on_fatal_();
  }
  arm(wait);
}

Stapler::Stapler(io::Env& env, Log& log, std::function<void()> on_fatal)
    : env_(env), log_(log), on_fatal_(std::move(on_fatal)) {}

Stapler::~Stapler() = default;

void Stapler::watch(io::Loop& loop, std::shared_ptr<Staples> staples) {
  watches_.clear();
  if (staples == nullptr) return;
  for (const tls::StaplePtr& staple : staples->chosen())
    watches_.push_back(std::make_shared<Watch>(*this, loop, staples, staple));
  // The first may be the end of it all, which clears the list.
  const auto watches = watches_;
  for (const auto& watch : watches) watch->start();
}

}  // namespace midge::server
