// Everything outside the process, passed down from main. There are no globals.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "io/clock.h"
#include "io/disk.h"
#include "io/entropy.h"
#include "io/loop.h"
#include "io/net.h"
#include "io/pool.h"
#include "io/process.h"

namespace midge::io {

class Env {
 public:
  virtual ~Env() = default;
  virtual Clock& clock() = 0;
  virtual Entropy& entropy() = 0;
  virtual Net& net() = 0;
  virtual Disk& disk() = 0;
  virtual Pool& pool() = 0;
  // The same for files: its threads wait for disks, and what computes does not stand before them.
  virtual Pool& disk_pool() = 0;
  virtual Process& process() = 0;

  // Loops are made once, before start(); posix runs each on a thread of its own.
  virtual std::span<Loop* const> make_loops(unsigned count) = 0;
  // handlers[i] belongs to loop i. Returns at once; listeners accept from then on.
  virtual void start(std::span<LoopHandler* const> handlers) = 0;
  // Any thread: asks all loops to end soon; mail posted before still arrives.
  virtual void stop() = 0;
  // Waits until all loops have ended. Not called on a loop. Who waits is the watchdog: once a
  // second it looks at the loops, and reports each tick that takes longer than kStuckAfter once.
  virtual void join() = 0;
  static constexpr Duration kStuckAfter = seconds(2);
  // Before start(); called on the thread that waits in join().
  using StuckReport = std::function<void(LoopId, const LoopLoad&)>;
  virtual void report_stuck_loops(StuckReport report) = 0;
};

}  // namespace midge::io
