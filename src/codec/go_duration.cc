#include "codec/go_duration.h"

#include <fmt/format.h>

#include <cstdint>

namespace midge::codec {
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

}  // namespace midge::codec
