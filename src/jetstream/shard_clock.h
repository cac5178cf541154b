// The times of a loop's streams. Thread: the loop's.
//
// Waits (acknowledgements, delays, windows of ids) go by the steady time, which no step of the wall
// clock lengthens or cuts short. What has a date (messages and their age, schedules, pauses) goes
// by the wall clock; its timers are set anew when that was stepped.
#pragma once

#include <algorithm>
#include <utility>

#include "broker/worker.h"
#include "io/clock.h"

namespace midge::jetstream {

class ShardClock {
 public:
  ShardClock(broker::Worker& worker, io::Clock& clock)
      : worker_(worker), ahead_(clock.wall().ns - clock.now().ns), steady_ahead_(ahead_) {}

  [[nodiscard]] MonoTime now() const { return worker_.now(); }
  // Read once a tick.
  [[nodiscard]] WallTime wall() const {
    if (wall_read_ != now()) {
      wall_ = worker_.wall();
      wall_read_ = now();
    }
    return wall_;
  }
  // The wall clock as it was at the start, running on evenly.
  [[nodiscard]] WallTime steady() const { return {now().ns + steady_ahead_}; }

  // When it will be that late; now, if it is later.
  [[nodiscard]] MonoTime when_wall(WallTime time) const { return in(time - wall()); }
  [[nodiscard]] MonoTime when_steady(WallTime time) const { return in(time - steady()); }

  // Whether the wall clock was stepped since the last call.
  bool was_stepped() {
    const std::int64_t ahead = worker_.wall().ns - now().ns;
    const std::int64_t step = ahead - std::exchange(ahead_, ahead);
    return step > kStep.ns || step < -kStep.ns;
  }

 private:
  // A tick may take so long, and a clock that is adjusted gains or loses less in a second.
  static constexpr Duration kStep = milliseconds(500);

  [[nodiscard]] MonoTime in(Duration ahead) const { return now() + std::max(ahead, Duration{}); }

  broker::Worker& worker_;
  std::int64_t ahead_;  // of the monotonic clock
  const std::int64_t steady_ahead_;
  mutable WallTime wall_{};
  mutable MonoTime wall_read_{-1};
};

}  // namespace midge::jetstream
