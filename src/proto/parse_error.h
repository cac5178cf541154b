// What can be wrong with a client's input, and what the session does about it.
#pragma once

#include <cstdint>

namespace midge::proto {

enum class ParseError : std::uint8_t {
  kNone,
  kUnknownOperation,      // -ERR 'Unknown Protocol Operation', close
  kBadArguments,          // close without -ERR
  kControlLineTooLong,    // -ERR 'maximum control line exceeded', close
  kPayloadTooLarge,       // -ERR 'Maximum Payload Violation', close
  kHeadersNotNegotiated,  // HPUB without headers: close without -ERR
  kClientError,           // the client sent -ERR: close
};

// An error with its text for the log.
struct Fault {
  ParseError error = ParseError::kNone;
  const char* text = "";
  explicit operator bool() const { return error != ParseError::kNone; }
};

inline constexpr Fault kUnknownOperation{ParseError::kUnknownOperation, "Client parser ERROR"};

}  // namespace midge::proto
