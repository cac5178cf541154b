#include "engine.h"

#include <algorithm>
#include <string>

#include "clock.h"
#include "fail.h"

namespace midge::load {

Stretch& Stretch::operator+=(const Stretch& other) {
  seconds += other.seconds;
  server_cpu_ns += other.server_cpu_ns;
  own_cpu_ns += other.own_cpu_ns;
  return *this;
}

Report Stretch::report(double events) const {
  Report r;
  r.add("events", events);
  r.add("seconds", seconds);
  r.add("rate", events / seconds);
  r.add("cpu_us", server_cpu_ns / 1000 / std::max(events, 1.0));
  r.add("server_cores", server_cpu_ns / 1e9 / seconds);
  r.add("generator_cores", own_cpu_ns / 1e9 / seconds);
  return r;
}

// From its making on.
class Engine::Meter {
 public:
  explicit Meter(const Engine& engine)
      : engine_(engine),
        server_before_(engine.server_.cpu_ns()),
        own_before_(engine.own_.cpu_ns()),
        begin_(now_ns()) {}
  [[nodiscard]] std::int64_t begin() const { return begin_; }
  [[nodiscard]] Stretch stretch() const {
    return {.seconds = static_cast<double>(now_ns() - begin_) / kSecond,
            .server_cpu_ns = static_cast<double>(engine_.server_.cpu_ns() - server_before_),
            .own_cpu_ns = static_cast<double>(engine_.own_.cpu_ns() - own_before_)};
  }

 private:
  const Engine& engine_;
  std::int64_t server_before_, own_before_, begin_;
};

Stretch Engine::run_for(double seconds) {
  const Meter meter(*this);
  const std::int64_t end = meter.begin() + seconds_ns(seconds);
  while (now_ns() < end) turn(end);
  return meter.stretch();
}

Stretch Engine::measure_until(const std::function<bool()>& done, double seconds) {
  const Meter meter(*this);
  if (!run_until(done, seconds)) fail("not done after " + std::to_string(seconds) + " seconds");
  return meter.stretch();
}

bool Engine::run_until(const std::function<bool()>& done, double seconds) {
  const std::int64_t deadline = now_ns() + seconds_ns(seconds);
  while (!done()) {
    if (now_ns() > deadline) return false;
    turn(now_ns() + kSecond / 100);
  }
  return true;
}

void Engine::turn(std::int64_t deadline) {
  const std::int64_t now = now_ns();
  for (Actor* actor : actors_) deadline = std::min(deadline, actor->advance(now));
  poller_.wait(deadline - now_ns());
}

}  // namespace midge::load
