// How long somebody waits at a monitor: until a time, or until a stop is requested.
//
//   Patience patience(monitor, deadline);          // before the lock, which the stop takes, too
//   io::Monitor::Lock lock(monitor);
//   while (!done) if (!patience.wait(lock)) return patience.error();
#pragma once

#include <algorithm>
#include <functional>
#include <stop_token>

#include "base/result.h"
#include "io/monitor.h"
#include "midge/deadline.h"

namespace midge::detail {

inline Duration duration_of(Timeout timeout) { return {timeout.count()}; }

// A call that would wait, on the thread that it would wait for.
inline Error waits_for_itself() {
  return Error("a callback cannot wait: use what is asynchronous", ErrorCode::kInvalid);
}

// When a deadline is over that begins at `now`.
inline MonoTime end_of(MonoTime now, const Deadline& deadline) {
  constexpr Duration kLongest = seconds(100LL * 365 * 24 * 3600);
  return now + std::min(duration_of(deadline.timeout), kLongest);
}

// What is left of a deadline for several calls.
class Remaining {
 public:
  explicit Remaining(const Deadline& whole)
      : end_(end_of(io::Monitor::now(), whole)), stop_(whole.stop) {}
  [[nodiscard]] Deadline operator()() const {
    return {Timeout((end_ - io::Monitor::now()).ns), stop_};
  }

 private:
  const MonoTime end_;
  const std::stop_token stop_;
};

class Patience {
 public:
  Patience(io::Monitor& monitor, const Deadline& deadline)
      : monitor_(monitor),
        until_(end_of(io::Monitor::now(), deadline)),
        stop_(deadline.stop),
        on_stop_(deadline.stop, [&monitor] {
          const io::Monitor::Lock lock(monitor);
          monitor.tell();
        }) {}

  // False: no longer.
  bool wait(io::Monitor::Lock& lock) {
    return !stop_.stop_requested() && monitor_.wait(lock, until_) && !stop_.stop_requested();
  }
  // Why not.
  [[nodiscard]] Error error() const {
    return stop_.stop_requested() ? Error("cancelled", ErrorCode::kCancelled)
                                  : Error("timeout", ErrorCode::kTimeout);
  }

 private:
  io::Monitor& monitor_;
  const MonoTime until_;
  const std::stop_token stop_;
  const std::stop_callback<std::function<void()>> on_stop_;
};

}  // namespace midge::detail
