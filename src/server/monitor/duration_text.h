// Durations as monitoring shows them. Pure functions; any thread.
#pragma once

#include <string>

#include "base/time.h"

namespace midge::server {

// As Go prints a time.Duration: `669µs`, `1.970373ms`, `1m30.5s`, `0s`.
[[nodiscard]] std::string go_duration(Duration duration);
// Whole units down to seconds: `45s`, `1m25s`, `2d3h0m5s`, `1y0d0h0m0s`; below a second `0s`.
[[nodiscard]] std::string uptime_text(Duration duration);
// The same as go_duration(), but below a millisecond without nanoseconds, as round trips are shown.
[[nodiscard]] std::string round_trip_text(Duration duration);

}  // namespace midge::server
