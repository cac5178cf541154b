// Makes a thread that computes give way to others again and again, so that they need not wait until
// the scheduler looks.
//
// A loop sleeps and wakes thousands of times a second. If it wakes just after a thread of the pool
// got its core, that thread goes on until the next tick of the scheduler (4 ms on common kernels):
// it has had less of the core than the loop, and a lower priority or SCHED_IDLE only make that
// rarer. Those cannot be asked for everywhere either: hardened services are killed for the call.
// So a timer interrupts the thread, whose handler yields. Its signal is SIGURG, which means nothing
// where it is not awaited, and which debuggers let pass.
#pragma once

#include <time.h>

#include <cstdint>

namespace midge::io {

class PosixPulse {
 public:
  // Of the calling thread, which must have no other, and starts, stops and destroys it.
  PosixPulse();
  ~PosixPulse();
  PosixPulse(const PosixPulse&) = delete;
  PosixPulse& operator=(const PosixPulse&) = delete;

  // While it runs, calls of the system that wait may end with EINTR.
  void start();
  void stop();

  // How often the calling thread was made to give way.
  [[nodiscard]] static std::uint64_t beats();

 private:
  timer_t timer_{};
  bool usable_ = false;  // else nothing happens: the program has another use for the signal
};

}  // namespace midge::io
