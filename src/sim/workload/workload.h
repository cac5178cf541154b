// A workload: what is done to a simulated server, and what must be true of it.
#pragma once

#include "base/result.h"

namespace midge::sim {

class Workload {
 public:
  virtual ~Workload() = default;
  virtual Result<void> setup() = 0;
  // One round. The error says what was expected and what came.
  virtual Result<void> step() = 0;
  // What must hold at the end.
  virtual Result<void> check() = 0;
};

}  // namespace midge::sim
