// Durations as Go writes and reads them: `1h30m`, `250ms`, `2m0s`. Configuration, monitoring and
// error texts use this form.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"

namespace midge::conf {

// Errors are worded as Go words them: `time: missing unit in duration "5"`.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

[[nodiscard]] std::string format_duration(Duration duration);

}  // namespace midge::conf
