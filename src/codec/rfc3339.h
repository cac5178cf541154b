// Times as RFC 3339 texts. Writing is JsonWriter's.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"

namespace midge::codec {

// `2026-01-02T03:04:05.678+01:00`; with up to nine digits of a second and any offset. Nullopt: not
// such a text, or beyond what nanoseconds since 1970 can say (years 1678 to 2262).
std::optional<WallTime> parse_rfc3339(std::string_view text);

}  // namespace midge::codec
