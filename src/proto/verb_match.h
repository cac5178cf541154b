// Recognises the verb at the front of a client's input, without regard to case.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/frame.h"

namespace midge::proto {

// Longest verb, the blank behind it included.
inline constexpr std::size_t kVerbBytesMax = 7;

enum class VerbState : std::uint8_t {
  kFound,
  kCut,      // may become a verb with more bytes
  kUnknown,  // no verb starts like this
};

struct VerbMatch {
  VerbState state = VerbState::kUnknown;
  Verb verb{};
  // Bytes of the verb. For those that need a blank behind them (PUB HPUB SUB UNSUB -ERR) it counts.
  std::uint8_t length = 0;
  // PING, PONG, +OK: whatever stands between the verb and the line feed means nothing.
  bool ignores_rest = false;
};

VerbMatch match_verb(std::string_view input);

}  // namespace midge::proto
