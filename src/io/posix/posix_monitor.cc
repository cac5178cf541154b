#include <chrono>

#include "io/monitor.h"
#include "io/posix/posix_clock.h"

namespace midge::io {
namespace {

thread_local std::shared_ptr<Monitor::Meanwhile> meanwhile_of_thread;

}  // namespace

void Monitor::set_meanwhile(const std::shared_ptr<Meanwhile>& meanwhile) {
  if (meanwhile_of_thread != meanwhile) meanwhile_of_thread = meanwhile;
}

MonoTime Monitor::now() {
  return meanwhile_of_thread ? meanwhile_of_thread->now() : PosixClock::monotonic();
}

// Who tells finds us under the lock, so that what it says is not missed.
void Monitor::work(Lock& lock, Meanwhile& meanwhile, MonoTime until) {
  working_ = &meanwhile;
  lock.unlock();
  meanwhile.work(until);
  lock.lock();
  working_ = nullptr;
}

bool Monitor::wait(Lock& lock, MonoTime until) {
  const Duration left = until - now();
  if (left.ns <= 0) return false;
  if (const auto meanwhile = meanwhile_of_thread) {
    work(lock, *meanwhile, until);
    return meanwhile->now() < until;
  }
  // A relative time: whoever waits looks at the clock again, so that its epoch does not matter.
  changed_.wait_for(lock, std::chrono::nanoseconds(left.ns));
  return now() < until;
}

void Monitor::wait(Lock& lock) {
  if (const auto meanwhile = meanwhile_of_thread)
    work(lock, *meanwhile, MonoTime{INT64_MAX});
  else
    changed_.wait(lock);
}

}  // namespace midge::io
