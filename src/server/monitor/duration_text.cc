#include "server/monitor/duration_text.h"

#include <fmt/format.h>

#include <cstdint>

#include "codec/go_duration.h"

namespace midge::server {

std::string go_duration(Duration duration) { return codec::go_duration(duration); }

std::string uptime_text(Duration duration) {
  const std::int64_t seconds = duration.ns < 0 ? 0 : duration.ns / 1'000'000'000;
  const std::int64_t minutes = seconds / 60;
  const std::int64_t hours = minutes / 60;
  const std::int64_t days = hours / 24;
  const std::int64_t years = days / 365;
  if (years > 0)
    return fmt::format("{}y{}d{}h{}m{}s", years, days % 365, hours % 24, minutes % 60,
                       seconds % 60);
  if (days > 0) return fmt::format("{}d{}h{}m{}s", days, hours % 24, minutes % 60, seconds % 60);
  if (hours > 0) return fmt::format("{}h{}m{}s", hours, minutes % 60, seconds % 60);
  if (minutes > 0) return fmt::format("{}m{}s", minutes, seconds % 60);
  return fmt::format("{}s", seconds);
}

std::string round_trip_text(Duration duration) {
  if (duration.ns > 1'000 && duration.ns < 1'000'000) duration.ns -= duration.ns % 1'000;
  return go_duration(duration);
}

}  // namespace midge::server
