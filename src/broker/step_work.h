// Work that is proportional to connections or subscriptions, done a step a tick, so that no tick is
// long. Owned by the worker it was handed to; what is unfinished when the loop ends is destroyed.
#pragma once

namespace midge::broker {

class Worker;

class StepWork {
 public:
  virtual ~StepWork() = default;
  // About 50 µs of work: traffic waits for it. True when there is nothing left to do. What the step
  // before saw may be gone. The worker's loop.
  virtual bool step(Worker& worker) = 0;
};

}  // namespace midge::broker
