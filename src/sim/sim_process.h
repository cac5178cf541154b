// A machine of fixed size, and a process that is always number 1000.
#pragma once

#include "io/process.h"
#include "sim/sim_scheduler.h"

namespace midge::sim {

class SimProcess final : public io::Process {
 public:
  SimProcess(SimScheduler& scheduler, unsigned cores) : scheduler_(scheduler), cores_(cores) {}

  [[nodiscard]] std::int64_t id() override { return 1000; }
  [[nodiscard]] std::int64_t resident_bytes() override { return 10 << 20; }
  [[nodiscard]] Duration cpu_time() override { return scheduler_.now() - MonoTime{}; }
  [[nodiscard]] unsigned cores() override { return cores_; }
  [[nodiscard]] double cpu_quota() override { return cores_; }
  [[nodiscard]] std::int64_t memory() override { return std::int64_t{16} << 30; }
  [[nodiscard]] std::optional<std::int64_t> memory_quota() override { return std::nullopt; }
  [[nodiscard]] std::string executable_name() override { return "midge-sim"; }
  [[nodiscard]] std::optional<std::string> environment(const std::string&) override {
    return std::nullopt;
  }
  [[nodiscard]] std::string temp_directory() override { return "/tmp"; }
  std::int64_t raise_file_limit() override { return 1 << 20; }
  void watch_signals(io::Loop& loop, io::SignalEvents& events) override;
  Result<void> send_signal(std::int64_t, std::optional<io::Signal>) override {
    return failure("no such process", ErrorCode::kNotFound);
  }
  std::vector<std::int64_t> find_processes(const std::string&) override { return {}; }

  // A signal for this process.
  void raise(io::Signal signal);

 private:
  SimScheduler& scheduler_;
  const unsigned cores_;
  io::Loop* signal_loop_ = nullptr;
  io::SignalEvents* signal_events_ = nullptr;
};

}  // namespace midge::sim
