#include "server/options/seconds.h"

#include <cmath>
#include <string>

#include "codec/conf/duration.h"
#include "server/options/fields.h"

namespace midge::server {
namespace {

constexpr double kNanoseconds = 1e9;

Duration from_seconds(double count) {
  constexpr double kMost = 9e18;
  return {static_cast<std::int64_t>(std::clamp(count * kNanoseconds, -kMost, kMost))};
}

// With six decimals, as C prints a double.
std::string fixed(Duration duration) {
  const std::int64_t micros = duration.ns / 1000;
  std::string decimals = std::to_string(1000000 + std::abs(micros % 1000000)).substr(1);
  return std::to_string(micros / 1000000) + "." + decimals;
}

}  // namespace

std::optional<Duration> seconds_of(const conf::Member& member, std::string_view block,
                                   Findings& findings) {
  const conf::Value& value = member.value;
  const std::string context = "error parsing " + std::string(block) + " config, 'timeout' ";
  Duration timeout;
  if (value.kind == conf::Kind::kInteger) {
    timeout = from_seconds(static_cast<double>(value.integer));
  } else if (value.kind == conf::Kind::kFloat) {
    timeout = from_seconds(value.number);
  } else if (value.kind == conf::Kind::kString) {
    const Result<Duration> parsed = conf::parse_duration(value.text);
    if (!parsed) {
      findings.error(member.position, context + parsed.error().text());
      return std::nullopt;
    }
    timeout = *parsed;
  } else {
    findings.error(member.position, context + "wrong type");
    return std::nullopt;
  }
  if (timeout > seconds(60) && block == "authorization")
    findings.warning(member.position,
                     "invalid use of field \"timeout\": timeout of " + plain_text(value) + " (" +
                         fixed(timeout) +
                         " seconds) is high, consider keeping it under 60 seconds. possibly caused "
                         "by unquoted duration; use '1m' instead of 1m, for example");
  return timeout;
}

}  // namespace midge::server
