// Recognises the verb at the front of a server's input, without regard to case.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/server_frame.h"
#include "proto/verb_match.h"

namespace midge::proto {

struct ServerVerbMatch {
  VerbState state = VerbState::kUnknown;
  ServerVerb verb{};
  // Bytes of the verb. For those that need a blank behind them (INFO MSG HMSG -ERR) it counts.
  std::uint8_t length = 0;
};

ServerVerbMatch match_server_verb(std::string_view input);

}  // namespace midge::proto
