// Lines as nats-server writes them: `[PID] 2026/08/21 14:50:11.123456 [INF] text`; or as JSON
// (log_json.h).
#pragma once

#include <memory>
#include <string>

#include "io/posix/log_target.h"

namespace midge::io {

struct LogFormat {
  bool time = true;
  bool utc = false;
  bool colours = false;
  bool json = false;  // then there is always a time, and no colour
};

class LogFormatter {
 public:
  explicit LogFormatter(LogFormat format);
  ~LogFormatter();
  // With the end of line. Valid until the next call.
  std::string_view format(const LogLine& line);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace midge::io
