// Percent of one core used, measured between the times that somebody asks: an idle server is not
// woken to take samples. Thread: one at a time.
#pragma once

#include <cmath>

#include "base/time.h"

namespace midge::server {

class CpuMeter {
 public:
  explicit CpuMeter(MonoTime start) : at_(start) {}

  // Over the time since the last answer, or the last answer again if that was less than a second
  // ago. `used`: of all threads since the process began.
  double percent(MonoTime now, Duration used) {
    const Duration passed = now - at_;
    if (passed < seconds(1)) return percent_;
    percent_ = std::round((used - used_).seconds() / passed.seconds() * 1000) / 10;
    at_ = now;
    used_ = used;
    return percent_;
  }

 private:
  MonoTime at_;
  Duration used_{};
  double percent_ = 0;
};

}  // namespace midge::server
