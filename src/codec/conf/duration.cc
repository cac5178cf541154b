#include "codec/conf/duration.h"

#include <cstdint>
#include <optional>

namespace midge::conf {
namespace {

constexpr std::uint64_t kMax = std::uint64_t{1} << 63;  // the size of the most negative duration

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }

// A text in quotes as Go shows it inside an error: bytes that are not plain ASCII in hexadecimal.
std::string quoted(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += c;
    } else if (byte < ' ' || byte >= 0x80) {
      out += "\\x";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::optional<std::uint64_t> unit_ns(std::string_view unit) {
  if (unit == "ns") return 1;
  if (unit == "us" || unit == "\xC2\xB5s" || unit == "\xCE\xBCs") return 1000;
  if (unit == "ms") return 1000000;
  if (unit == "s") return 1000000000;
  if (unit == "m") return 60000000000;
  if (unit == "h") return 3600000000000;
  return std::nullopt;
}

// Takes digits off the front; nothing if their value is too large.
std::optional<std::uint64_t> take_digits(std::string_view& text) {
  std::uint64_t value = 0;
  while (!text.empty() && is_digit(text.front())) {
    if (value > kMax / 10) return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(text.front() - '0');
    if (value > kMax) return std::nullopt;
    text.remove_prefix(1);
  }
  return value;
}

// Takes the digits behind a point; those too small to matter are dropped.
double take_fraction(std::string_view& text) {
  double value = 0;
  double scale = 1;
  for (int taken = 0; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    if (++taken > 18) continue;
    value = value * 10 + (text.front() - '0');
    scale *= 10;
  }
  return value / scale;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto invalid = [text] { return failure("time: invalid duration " + quoted(text)); };
  std::string_view rest = text;
  const bool is_negative = rest.starts_with('-');
  if (is_negative || rest.starts_with('+')) rest.remove_prefix(1);
  if (rest == "0") return Duration{0};
  if (rest.empty()) return invalid();

  std::uint64_t total = 0;
  while (!rest.empty()) {
    if (rest.front() != '.' && !is_digit(rest.front())) return invalid();
    const std::size_t before = rest.size();
    const std::optional<std::uint64_t> whole = take_digits(rest);
    if (!whole) return invalid();
    std::size_t digits = before - rest.size();
    double fraction = 0;
    if (rest.starts_with('.')) {
      rest.remove_prefix(1);
      const std::size_t behind_point = rest.size();
      fraction = take_fraction(rest);
      digits += behind_point - rest.size();
    }
    if (digits == 0) return invalid();

    std::size_t length = 0;
    while (length < rest.size() && rest[length] != '.' && !is_digit(rest[length])) ++length;
    if (length == 0) return failure("time: missing unit in duration " + quoted(text));
    const std::string_view unit = rest.substr(0, length);
    rest.remove_prefix(length);
    const std::optional<std::uint64_t> ns = unit_ns(unit);
    if (!ns) return failure("time: unknown unit " + quoted(unit) + " in duration " + quoted(text));
    if (*whole > kMax / *ns) return invalid();
    total += *whole * *ns + static_cast<std::uint64_t>(fraction * static_cast<double>(*ns));
    if (total > kMax) return invalid();
  }
  if (is_negative) return Duration{static_cast<std::int64_t>(-total)};
  if (total > kMax - 1) return invalid();
  return Duration{static_cast<std::int64_t>(total)};
}

std::string format_duration(Duration duration) {
  if (duration.ns == 0) return "0s";
  const bool is_negative = duration.ns < 0;
  std::uint64_t ns = static_cast<std::uint64_t>(duration.ns);
  if (is_negative) ns = -ns;
  // `value` units of `scale` each, with as many decimals as needed.
  const auto with_fraction = [](std::uint64_t value, std::uint64_t scale) {
    std::string out = std::to_string(value / scale);
    std::uint64_t part = value % scale;
    if (part == 0) return out;
    std::string digits = std::to_string(scale + part).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    return out + "." + digits;
  };
  std::string out = is_negative ? "-" : "";
  if (ns < 1000) return out + std::to_string(ns) + "ns";
  if (ns < 1000000) return out + with_fraction(ns, 1000) + "\xC2\xB5s";
  if (ns < 1000000000) return out + with_fraction(ns, 1000000) + "ms";
  const std::uint64_t minutes = ns / 60000000000;
  if (minutes >= 60) out += std::to_string(minutes / 60) + "h";
  if (minutes > 0) out += std::to_string(minutes % 60) + "m";
  return out + with_fraction(ns % 60000000000, 1000000000) + "s";
}

}  // namespace midge::conf
