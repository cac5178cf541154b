#include "server/lame_duck.h"

#include <algorithm>

namespace midge::server {

namespace {

constexpr Duration kIntervalMax = seconds(1);
constexpr Duration kIntervalMin = milliseconds(10);

}  // namespace

LameDuck::LameDuck(broker::Broker& broker, io::Loop& loop, Duration duration, Duration grace_period,
                   std::move_only_function<void()> done)
    : broker_(broker),
      loop_(loop),
      closing_(duration - grace_period),
      grace_period_(grace_period),
      done_(std::move(done)) {}

void LameDuck::start() {
  if (broker_.connection_count() <= 0) {
    done_();
    return;
  }
  broker_.announce_lame_duck();
  loop_.timers().arm(timer_, loop_.now() + grace_period_);
}

void LameDuck::on_timer() {
  const std::int64_t clients = broker_.connection_count();
  if (clients <= 0) {
    done_();
    return;
  }
  if (!closing_now_) {
    closing_now_ = true;
    const Duration each{closing_.ns / clients};
    interval_ = std::clamp(each, kIntervalMin, kIntervalMax);
    per_interval_ = std::max<std::size_t>(
        1,
        static_cast<std::size_t>(clients * interval_.ns / std::max<std::int64_t>(closing_.ns, 1)));
    broker_.log().info("Closing existing clients");
  }
  broker_.close_random(per_interval_, broker::CloseReason::kServerShutdown);
  loop_.timers().arm(timer_, loop_.now() + interval_);
}

}  // namespace midge::server
