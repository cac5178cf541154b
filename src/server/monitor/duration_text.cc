#include "server/monitor/duration_text.h"

#include <fmt/format.h>

#include <cstdint>

namespace midge::server {
namespace {

// `value / unit` with as many decimals as are not zero.
std::string decimal(std::uint64_t value, std::uint64_t unit) {
  std::string text = fmt::format("{}", value / unit);
  std::uint64_t rest = value % unit;
  if (rest == 0) return text;
  text += '.';
  while (rest != 0) {
    unit /= 10;
    text += static_cast<char>('0' + rest / unit);
    rest %= unit;
  }
  return text;
}

}  // namespace

std::string go_duration(Duration duration) {
  const bool negative = duration.ns < 0;
  const auto raw = static_cast<std::uint64_t>(duration.ns);
  const std::uint64_t ns = negative ? 0 - raw : raw;
  std::string text;
  if (ns == 0) {
    text = "0s";
  } else if (ns < 1'000) {
    text = fmt::format("{}ns", ns);
  } else if (ns < 1'000'000) {
    text = decimal(ns, 1'000) + "µs";
  } else if (ns < 1'000'000'000) {
    text = decimal(ns, 1'000'000) + "ms";
  } else {
    constexpr std::uint64_t kMinute = 60'000'000'000;
    const std::uint64_t minutes = ns / kMinute;
    if (minutes >= 60) text = fmt::format("{}h", minutes / 60);
    if (minutes > 0) text += fmt::format("{}m", minutes % 60);
    text += decimal(ns % kMinute, 1'000'000'000) + "s";
  }
  return negative ? "-" + text : text;
}

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
