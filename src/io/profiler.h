// Samples of what the threads of this process do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace midge::io {

// A call stack, the innermost address first. Those of callers lie within the call, not behind it.
struct StackSample {
  std::vector<std::uint64_t> addresses;
  std::int64_t thread = 0;
};

// A part of a file that holds code, and where it is in memory.
struct CodeRange {
  std::uint64_t start = 0, end = 0, offset = 0;
  std::string file;
};

// Any thread, but one caller at a time.
class Profiler {
 public:
  virtual ~Profiler() = default;
  // Samples each thread whenever it has computed for `period`, until stop(); those that come later
  // are not seen. Error: it samples already, or the system does not let it.
  virtual Result<void> start(Duration period, Duration at_most) = 0;
  virtual std::vector<StackSample> stop() = 0;
  // Where each thread is now. Waits a few milliseconds.
  virtual Result<std::vector<StackSample>> look() = 0;

  [[nodiscard]] virtual std::vector<CodeRange> code() = 0;
  // The function at each address, which rise; "" = not known. Reads the executable's symbols.
  [[nodiscard]] virtual std::vector<std::string> functions(
      const std::vector<std::uint64_t>& addresses) = 0;
};

}  // namespace midge::io
