#include "client/round_trips.h"

#include <utility>

namespace midge::detail {
namespace {

constexpr std::string_view kPing = "PING\r\n";

}  // namespace

Result<Outbox::Appended> RoundTrips::begin(Done done) {
  const io::Monitor::Lock lock(monitor_);
  auto appended = outbox_.append_control(kPing);
  if (appended) waiting_.push_back(std::move(done));
  return appended;
}

void RoundTrips::on_pong() {
  const io::Monitor::Lock lock(monitor_);
  if (waiting_.empty()) return;  // a PONG that nobody asked for
  if (waiting_.front()) waiting_.front()(std::nullopt);
  waiting_.pop_front();
}

void RoundTrips::on_up() {
  const io::Monitor::Lock lock(monitor_);
  outbox_.open();
  for (std::size_t i = 0; i < waiting_.size(); ++i) (void)outbox_.append_control(kPing);
}

void RoundTrips::on_down(std::string rest, std::size_t written, const Error& why) {
  const io::Monitor::Lock lock(monitor_);
  if (outbox_.hold(std::move(rest), written)) fail_all(why);
}

void RoundTrips::on_closed(const Error& why) {
  const io::Monitor::Lock lock(monitor_);
  outbox_.close();
  fail_all(why);
}

void RoundTrips::fail_all(const Error& why) {
  for (const Done& done : waiting_)
    if (done) done(why);
  waiting_.clear();
}

}  // namespace midge::detail
