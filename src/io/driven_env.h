// An environment with one loop and no thread for it: whoever waits has it tick.
//
// Thread: one at a time, for start_driven() and drive(); ticks are on the thread that drives.
#pragma once

#include <cstddef>

#include "io/env.h"

namespace midge::io {

class DrivenHandler : public LoopHandler {
 public:
  // Before anything else of a tick; on_tick_end() is the last of it.
  virtual void on_tick_begin() = 0;
};

class DrivenEnv : public Env {
 public:
  // In place of start(), once one loop is made.
  virtual void start_driven(DrivenHandler& handler) = 0;
  // Waits until there is something to do, or it is `until`; then ticks once. Returns how many
  // mails, streams, turns and timers that were. Not from within a tick.
  virtual std::size_t drive(MonoTime until) = 0;
};

}  // namespace midge::io
