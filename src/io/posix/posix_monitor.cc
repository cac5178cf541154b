#include <chrono>

#include "io/monitor.h"
#include "io/posix/posix_clock.h"

namespace midge::io {

MonoTime Monitor::now() { return PosixClock::monotonic(); }

bool Monitor::wait(Lock& lock, MonoTime until) {
  const Duration left = until - now();
  if (left.ns <= 0) return false;
  // A relative time: whoever waits looks at the clock again, so that its epoch does not matter.
  changed_.wait_for(lock, std::chrono::nanoseconds(left.ns));
  return now() < until;
}

}  // namespace midge::io
