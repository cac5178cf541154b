// The process' log: nats-server's line format (made by spdlog) to stderr, a file with rotation, or
// syslog, written on a thread of its own.
//
// A reader of stderr that does not read blocks nothing: lines are dropped, oldest first, and
// counted. The queue is ours: spdlog's holds all of its slots in memory from the start and knows no
// bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/result.h"

namespace midge::io {

class LogTarget;

struct LogOptions {
  bool logtime = true;
  bool logtime_utc = false;
  bool json = false;  // an object a line, to stderr and files
  bool debug = false;
  bool trace = false;
  std::string log_file;             // "" = not to a file
  std::int64_t log_size_limit = 0;  // bytes; 0 = no rotation
  std::int64_t log_max_num = 0;     // files kept, the current one included; 0 = all
  bool syslog = false;
  std::string remote_syslog;          // url; "" = none
  std::shared_ptr<LogTarget> target;  // in place of stderr; null = stderr
};

class LogWriter : public Log {
 public:
  // Replaces targets and format; lines already written go where they were meant to.
  virtual Result<void> configure(const LogOptions& options) = 0;
  // SIGUSR1: `File log re-opened`, or `File log re-open ignored, not a file logger`.
  virtual void reopen() = 0;
  // Blocks until what was written so far is out, at most a second. Destruction does this, too.
  virtual void flush() = 0;
  [[nodiscard]] virtual std::uint64_t dropped_lines() const = 0;
};

// Errors have nats-server's texts, such as `error opening file: open <path>: permission denied`.
Result<std::unique_ptr<LogWriter>> make_log_writer(const LogOptions& options);
// The same with another descriptor for stderr.
Result<std::unique_ptr<LogWriter>> make_log_writer_to(int stderr_fd, const LogOptions& options);

}  // namespace midge::io
