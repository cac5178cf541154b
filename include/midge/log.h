// How much a line of a server's log matters.
#pragma once

#pragma GCC visibility push(default)

namespace midge {

// From what is of interest to who looks for a fault, to what ends the server.
enum class LogLevel : unsigned char { kTrace, kDebug, kInfo, kWarn, kError, kFatal };

}  // namespace midge

#pragma GCC visibility pop
