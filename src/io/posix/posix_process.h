// This process, from /proc and the cgroup.
#pragma once

#include <memory>
#include <string>

#include "io/posix/posix_profiler.h"
#include "io/process.h"

namespace midge::io {

class PosixProcess final : public Process {
 public:
  explicit PosixProcess(std::string argv0);
  ~PosixProcess() override;

  [[nodiscard]] std::int64_t id() override;
  [[nodiscard]] std::int64_t resident_bytes() override;
  void release_free_memory() override;
  [[nodiscard]] Duration cpu_time() override;
  [[nodiscard]] unsigned cores() override;
  [[nodiscard]] double cpu_quota() override;
  [[nodiscard]] std::int64_t memory() override;
  [[nodiscard]] std::optional<std::int64_t> memory_quota() override;
  [[nodiscard]] std::string executable_name() override;
  [[nodiscard]] std::optional<std::string> environment(const std::string& name) override;
  [[nodiscard]] std::string temp_directory() override;
  std::int64_t raise_file_limit() override;
  // To be called by the main thread before other threads of the program start: a thread that does
  // not block these signals would be ended by them.
  void watch_signals(Loop& loop, SignalEvents& events) override;
  Result<void> send_signal(std::int64_t pid, std::optional<Signal> signal_or_kill) override;
  std::vector<std::int64_t> find_processes(const std::string& name) override;
  Profiler* profiler() override { return &profiler_; }

 private:
  class SignalSource;
  std::string argv0_;
  std::unique_ptr<SignalSource> signals_;
  PosixProfiler profiler_;
};

}  // namespace midge::io
