// The profiler of Linux: a timer per thread on the thread's own processor time, whose signal has
// the thread note its stack.
//
// The signal is SIGPROF; threads of ours take it (posix_thread.h), and it is sent while somebody
// samples only.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "io/profiler.h"

namespace midge::io {

class PosixProfiler final : public Profiler {
 public:
  PosixProfiler();
  ~PosixProfiler() override;

  Result<void> start(Duration period, Duration at_most) override;
  std::vector<StackSample> stop() override;
  Result<std::vector<StackSample>> look() override;
  [[nodiscard]] std::vector<CodeRange> code() override;
  [[nodiscard]] std::vector<std::string> functions(
      const std::vector<std::uint64_t>& addresses) override;

  // The calling thread may be sampled.
  static void allow_here();

 private:
  struct State;
  Result<void> open(std::size_t capacity);
  std::vector<StackSample> close();
  std::unique_ptr<State> state_;
};

}  // namespace midge::io
