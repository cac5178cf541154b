// The log as every room sees it. The writer (threads, files, syslog) lives in io/posix; the
// simulator has its own.
//
// Thread: any. Never blocks: a writer that cannot keep up drops the oldest lines and counts them.
// Callers build texts only if the level is on: `if (log.debug_on()) log.debug(fmt::format(...))`.
#pragma once

#include <atomic>
#include <string_view>

#include "midge/log.h"

namespace midge {

class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view text) = 0;

  void trace(std::string_view text) {
    if (trace_on()) write(LogLevel::kTrace, text);
  }
  void debug(std::string_view text) {
    if (debug_on()) write(LogLevel::kDebug, text);
  }
  void info(std::string_view text) { write(LogLevel::kInfo, text); }
  void warn(std::string_view text) { write(LogLevel::kWarn, text); }
  void error(std::string_view text) { write(LogLevel::kError, text); }
  void fatal(std::string_view text) { write(LogLevel::kFatal, text); }

  [[nodiscard]] bool trace_on() const { return trace_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool debug_on() const { return debug_.load(std::memory_order_relaxed); }
  void enable(bool debug, bool trace) {
    debug_.store(debug, std::memory_order_relaxed);
    trace_.store(trace, std::memory_order_relaxed);
  }

 private:
  std::atomic<bool> debug_{false};
  std::atomic<bool> trace_{false};
};

}  // namespace midge
