#include "jetstream/stream/message_ttl.h"

#include <algorithm>

#include "codec/conf/duration.h"

namespace midge::jetstream {
namespace {

bool is_never(std::string_view text) {
  return std::ranges::equal(text, std::string_view("never"), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b;
  });
}

}  // namespace

std::optional<Duration> parse_ttl(std::string_view text) {
  if (is_never(text)) return Duration{};
  Duration ttl{};
  if (!text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
    constexpr std::int64_t kSecondsMax = INT64_MAX / 1'000'000'000;
    std::int64_t whole = 0;
    for (const char digit : text) whole = std::min(whole * 10 + (digit - '0'), kSecondsMax);
    ttl = seconds(whole);
  } else if (const auto parsed = conf::parse_duration(text)) {
    ttl = *parsed;
  } else {
    return std::nullopt;
  }
  if (ttl < seconds(1)) return std::nullopt;
  return ttl;
}

WallTime expiry_of(WallTime stored, Duration ttl) {
  return stored.ns > INT64_MAX - ttl.ns ? WallTime{INT64_MAX} : stored + ttl;
}

}  // namespace midge::jetstream
