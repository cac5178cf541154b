// Durations as Go prints a time.Duration. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace midge::codec {

// `669µs`, `1.970373ms`, `1m30.5s`, `0s`.
[[nodiscard]] std::string go_duration(Duration duration);
// What time.ParseDuration reads: `1h30m`, `-1.5s`, `100ms`. Nullopt: not a duration.
[[nodiscard]] std::optional<Duration> parse_go_duration(std::string_view text);

}  // namespace midge::codec
