// Where lines of the log go: one of stderr, a file, syslog.
#pragma once

#include <string>

#include "base/log.h"
#include "base/time.h"

namespace midge::io {

struct LogLine {
  LogLevel level = LogLevel::kInfo;
  WallTime time{};
  std::string text;
};

class LogTarget {
 public:
  virtual ~LogTarget() = default;
  // The log thread only. False: the line could not be written, or `give_up` was set meanwhile.
  virtual bool write(const LogLine& line) = 0;
};

}  // namespace midge::io
