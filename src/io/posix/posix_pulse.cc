#include "io/posix/posix_pulse.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace midge::io {
namespace {

constexpr int kSignal = SIGURG;
// Long enough to cost a hundredth of the thread's time, and short beside what a loop does at once.
constexpr std::int64_t kEveryNs = 200'000;

thread_local std::atomic<std::uint64_t> beats_of_thread{0};

void give_way(int) {
  const int error = errno;
  beats_of_thread.fetch_add(1, std::memory_order_relaxed);
  ::sched_yield();
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
  // A thread that was idle is owed its share of the core, and would be let run on for it.
  ::sched_yield();
  set(kEveryNs);
}

void PosixPulse::stop() {
  if (usable_) set(0);
}

void PosixPulse::set(std::int64_t every_ns) {
  const timespec every{.tv_sec = 0, .tv_nsec = every_ns};
  const itimerspec spec{.it_interval = every, .it_value = every};
  ::timer_settime(timer_, 0, &spec, nullptr);
}

std::uint64_t PosixPulse::beats() { return beats_of_thread.load(std::memory_order_relaxed); }

}  // namespace midge::io
