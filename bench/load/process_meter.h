// What the operating system says about a process: CPU time of all its threads, those that ended
// included, in nanoseconds (the scheduler's own account, not ticks), and resident memory.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace midge::load {

class ProcessMeter {
 public:
  explicit ProcessMeter(pid_t pid);

  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] std::int64_t cpu_ns() const;
  [[nodiscard]] std::int64_t rss_bytes() const { return status_bytes("VmRSS:"); }
  [[nodiscard]] std::int64_t peak_rss_bytes() const { return status_bytes("VmHWM:"); }
  // Handed to the disk so far.
  [[nodiscard]] std::int64_t written_bytes() const;
  // The peak starts again from what is resident now.
  void reset_peak_rss() const;

 private:
  [[nodiscard]] std::int64_t status_bytes(const char* field) const {
    return field_of("status", field) * 1024;
  }
  [[nodiscard]] std::int64_t field_of(const std::string& file, const char* field) const;

  pid_t pid_;
  clockid_t clock_ = 0;
};

}  // namespace midge::load
