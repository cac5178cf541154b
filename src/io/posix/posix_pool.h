// A few threads for slow work, started when there is work for them.
#pragma once

#include <memory>
#include <string>

#include "io/pool.h"

namespace midge::io {

struct PoolSize {
  unsigned threads_max;
  // How many jobs that do not compute run at once: they may wait long for somebody who is silent.
  unsigned waiting_max;
  unsigned computing_max;  // how many jobs that compute run at once; others pass those that wait
};

class PosixPool final : public Pool {
 public:
  PosixPool(PoolSize size, std::string name);  // as threads are called
  ~PosixPool() override;                       // as stop()
  void submit(Loop& home, std::unique_ptr<Job> job) override;
  // Waits for jobs under way; those waiting are destroyed, and so is what is submitted later.
  void stop();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace midge::io
