// The log in a file, rotated at a size: the full one is renamed to
// `<file>.YYYY.MM.DD.hh.mm.ss.nnnnnnnnn`, and the oldest ones beyond a number are removed.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "io/posix/log_format.h"
#include "io/posix/posix_fd.h"

namespace midge::io {

struct LogFileLimits {
  std::int64_t size = 0;   // bytes; 0 = no rotation
  std::int64_t files = 0;  // kept, the current one included; 0 = all
};

class LogFile final : public LogTarget {
 public:
  static Result<std::unique_ptr<LogFile>> open(const std::string& path, LogFileLimits limits,
                                               LogFormat format);
  bool write(const LogLine& line) override;

 private:
  LogFile(std::string path, LogFileLimits limits, LogFormat format)
      : path_(std::move(path)), limits_(limits), formatter_(format) {}
  Result<void> reopen();
  bool append(const LogLine& line);
  void rotate(WallTime now);
  void remove_oldest();

  const std::string path_;
  const LogFileLimits limits_;
  LogFormatter formatter_;
  PosixFd fd_;
  std::int64_t size_ = 0;
};

}  // namespace midge::io
