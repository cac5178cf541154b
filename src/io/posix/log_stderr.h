// The log on standard error; in colours if that is a terminal.
#pragma once

#include "io/posix/log_format.h"
#include "io/posix/log_output.h"

namespace midge::io {

class LogStderr final : public LogTarget {
 public:
  LogStderr(int fd, LogFormat format, const GiveUp& give_up)
      : fd_(fd), formatter_(format), give_up_(give_up) {}
  bool write(const LogLine& line) override {
    return write_patiently(fd_, formatter_.format(line), give_up_);
  }

 private:
  const int fd_;
  LogFormatter formatter_;
  const GiveUp& give_up_;
};

}  // namespace midge::io
