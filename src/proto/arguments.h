// The arguments of each verb: from the text between verb and line end to the fields of a frame.
#pragma once

#include <string_view>

#include "proto/frame.h"
#include "proto/parse_error.h"
#include "proto/parser_limits.h"

namespace midge::proto {

// Fills the fields of `verb` in `frame` from `args`. For PUB and HPUB `payload_size` becomes the
// size of what follows the line; for all others it is left alone. `headers`: whether HPUB was
// negotiated.
Fault parse_arguments(Verb verb, std::string_view args, const ParserLimits& limits, bool headers,
                      Frame& frame, std::uint32_t& payload_size);

constexpr bool has_payload(Verb verb) { return verb == Verb::kPub || verb == Verb::kHpub; }

}  // namespace midge::proto
