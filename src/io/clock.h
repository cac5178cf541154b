// The only source of time. Coarse: a loop reads it once per tick and hands out that value.
#pragma once

#include "base/time.h"

namespace midge::io {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual MonoTime now() = 0;
  virtual WallTime wall() = 0;
};

}  // namespace midge::io
