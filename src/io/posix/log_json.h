// Lines of the log as JSON objects, one a line, for whoever ships logs:
//
//   {"time":"2026-08-21T14:50:11.123456789Z","level":"info","pid":1,"message":"Server is ready"}
//
// What stands in front of a connection's lines becomes fields: `client` (its address) and `cid`.
#pragma once

#include <cstdint>
#include <string>

#include "io/posix/log_target.h"

namespace midge::io {

// With the end of line. `utc`: else the time is local, with its offset.
[[nodiscard]] std::string json_line(const LogLine& line, std::int64_t pid, bool utc);

}  // namespace midge::io
