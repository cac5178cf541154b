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

Stretch Engine::run_for(double seconds) {
  const std::int64_t server_before = server_.cpu_ns();
  const std::int64_t own_before = own_.cpu_ns();
  const std::int64_t begin = now_ns();
  const std::int64_t end = begin + seconds_ns(seconds);
  while (now_ns() < end) turn(end);
  return {.seconds = static_cast<double>(now_ns() - begin) / kSecond,
          .server_cpu_ns = static_cast<double>(server_.cpu_ns() - server_before),
          .own_cpu_ns = static_cast<double>(own_.cpu_ns() - own_before)};
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
