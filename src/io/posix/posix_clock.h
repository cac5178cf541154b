// The system's clocks.
#pragma once

#include "io/clock.h"

namespace midge::io {

class PosixClock final : public Clock {
 public:
  MonoTime now() override { return monotonic(); }
  WallTime wall() override;
  static MonoTime monotonic();
};

}  // namespace midge::io
