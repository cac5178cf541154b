// Threads for slow work: DNS, bcrypt (Env::pool()), files (Env::disk_pool()).
#pragma once

#include <memory>

#include "io/loop.h"

namespace midge::io {

class Job {
 public:
  virtual ~Job() = default;
  virtual void run() = 0;   // on a pool thread: must not touch what a loop owns
  virtual void done() = 0;  // then on the submitting loop
  // Whether run() computes all the time and waits for nothing. Then it is interrupted often, so
  // that loops on the same core need not wait for its end.
  [[nodiscard]] virtual bool computes() const { return false; }
};

class Pool {
 public:
  virtual ~Pool() = default;
  // The job comes back to `home` when it ran. Jobs still waiting at shutdown are destroyed undone.
  virtual void submit(Loop& home, std::unique_ptr<Job> job) = 0;
};

}  // namespace midge::io
