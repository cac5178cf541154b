#include "io/posix/posix_pulse.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace midge::io {
namespace {

constexpr int kSignal = SIGURG;
// Long enough to cost a hundredth of the thread's time, and short beside what a loop does at once.
constexpr std::int64_t kEveryNs = 200'000;
// A loop that wakes is done sooner than this, and so is one that is busy for its slice of the core.
constexpr std::int64_t kOthersNs = 8'000'000;
constexpr std::int64_t kOwnMaxNs = 20'000'000;

thread_local std::atomic<std::uint64_t> beats_of_thread{0};
// The timer of this thread's pulse while that runs, for the handler, which runs on it too.
thread_local timer_t* running_timer = nullptr;

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void set(timer_t timer, std::int64_t after_ns) {
  itimerspec spec{};
  spec.it_value.tv_nsec = after_ns;
  ::timer_settime(timer, 0, &spec, nullptr);
}

// Gives way once, and sets the timer for the next time only then: one that went on meanwhile would
// interrupt the thread as soon as it has its core again, beside other programs for ever. Those it
// does not wait for again before it had as much of the core as they.
void yield_and_go_on(timer_t timer) {
  const std::int64_t before = now_ns();
  ::sched_yield();
  const std::int64_t away = now_ns() - before;
  set(timer, away < kOthersNs ? kEveryNs : std::min(away, kOwnMaxNs));
}

void give_way(int) {
  if (running_timer == nullptr) return;
  const int error = errno;
  beats_of_thread.fetch_add(1, std::memory_order_relaxed);
  yield_and_go_on(*running_timer);
  errno = error;
}

// False: the signal has a handler, of the program that embeds us.
bool install_handler() {
  static const bool installed = [] {
    struct sigaction before {};
    ::sigaction(kSignal, nullptr, &before);
    if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) return false;
    struct sigaction action {};
    action.sa_handler = &give_way;
    action.sa_flags = SA_RESTART;
    return ::sigaction(kSignal, &action, nullptr) == 0;
  }();
  return installed;
}

}  // namespace

PosixPulse::PosixPulse() {
  // Made here, since the handler could not.
  beats_of_thread.store(0, std::memory_order_relaxed);
  running_timer = nullptr;
  if (!install_handler()) return;
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = kSignal;
  event._sigev_un._tid = ::gettid();  // glibc has no better name for it before 2.38
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer_) != 0) return;
  usable_ = true;
  sigset_t own;
  sigemptyset(&own);
  sigaddset(&own, kSignal);
  pthread_sigmask(SIG_UNBLOCK, &own, nullptr);
}

PosixPulse::~PosixPulse() {
  if (usable_) ::timer_delete(timer_);
}

void PosixPulse::start() {
  if (!usable_) return;
  running_timer = &timer_;
  // A thread that was idle is owed its share of the core, and would be let run on for it.
  yield_and_go_on(timer_);
}

void PosixPulse::stop() {
  if (!usable_) return;
  running_timer = nullptr;
  set(timer_, 0);
}

std::uint64_t PosixPulse::beats() { return beats_of_thread.load(std::memory_order_relaxed); }

}  // namespace midge::io
