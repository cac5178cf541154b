// This process and its machine, as monitoring and start-up see them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/loop.h"

namespace midge::io {

enum class Signal : std::uint8_t { kHangup, kUser1, kUser2, kInterrupt, kTerminate };

class Profiler;

class SignalEvents {
 public:
  virtual ~SignalEvents() = default;
  virtual void on_signal(Signal signal) = 0;  // on the loop that watches
};

class Process {
 public:
  virtual ~Process() = default;
  [[nodiscard]] virtual std::int64_t id() = 0;
  [[nodiscard]] virtual std::int64_t resident_bytes() = 0;
  // What was freed goes back to the system as far as it can. Slow; any thread.
  virtual void release_free_memory() {}
  [[nodiscard]] virtual Duration cpu_time() = 0;    // user and system, all threads
  [[nodiscard]] virtual unsigned cores() = 0;       // of the machine, as scheduled for us
  [[nodiscard]] virtual double cpu_quota() = 0;     // cores the cgroup grants; = cores() if none
  [[nodiscard]] virtual std::int64_t memory() = 0;  // bytes of the machine; 0: not known
  [[nodiscard]] virtual std::optional<std::int64_t> memory_quota() = 0;  // the cgroup's limit
  [[nodiscard]] virtual std::string executable_name() = 0;               // basename of argv[0]
  [[nodiscard]] virtual std::optional<std::string> environment(const std::string& name) = 0;
  [[nodiscard]] virtual std::string temp_directory() = 0;
  // Raises RLIMIT_NOFILE to the hard limit; returns the limit in force.
  virtual std::int64_t raise_file_limit() = 0;
  // From now on signals come as events on `loop`. SIGPIPE is ignored.
  virtual void watch_signals(Loop& loop, SignalEvents& events) = 0;
  // Sends a signal to another process (`--signal`). `kill` = SIGKILL.
  virtual Result<void> send_signal(std::int64_t pid, std::optional<Signal> signal_or_kill) = 0;
  // Processes whose executable has this name, this process excluded.
  virtual std::vector<std::int64_t> find_processes(const std::string& name) = 0;
  // Null where there is none.
  virtual Profiler* profiler() { return nullptr; }
};

}  // namespace midge::io
