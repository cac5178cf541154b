#include "codec/ip_address.h"

#include <algorithm>
#include <charconv>

namespace midge::codec {
namespace {

constexpr std::size_t kGroups = 8;
constexpr std::size_t kIpv4At = 12;

std::optional<unsigned> parse_number(std::string_view text, int base, unsigned max) {
  unsigned value = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || text.size() > 4) return std::nullopt;
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end || value > max) return std::nullopt;
  return value;
}

// Four decimal numbers without leading zeros.
bool parse_ipv4(std::string_view text, std::uint8_t* out) {
  for (int part = 0; part < 4; ++part) {
    const std::size_t end = part == 3 ? text.size() : text.find('.');
    if (end == text.npos) return false;
    const std::string_view digits = text.substr(0, end);
    const auto value = parse_number(digits, 10, 255);
    if (!value || (digits.size() > 1 && digits[0] == '0')) return false;
    out[part] = static_cast<std::uint8_t>(*value);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

// Groups of hexadecimal digits, perhaps with an IPv4 address at the end; false if malformed.
bool parse_groups(std::string_view text, IpBytes& bytes, std::size_t& size) {
  size = 0;
  if (text.empty()) return true;
  while (true) {
    const std::size_t end = text.find(':');
    const std::string_view group = text.substr(0, end);
    if (end == text.npos && group.find('.') != group.npos) {
      if (size > 12 || !parse_ipv4(group, bytes.data() + size)) return false;
      size += 4;
      return true;
    }
    const auto value = parse_number(group, 16, 0xFFFF);
    if (!value || size > 14) return false;
    bytes[size++] = static_cast<std::uint8_t>(*value >> 8);
    bytes[size++] = static_cast<std::uint8_t>(*value & 255);
    if (end == text.npos) return true;
    text.remove_prefix(end + 1);
  }
}

bool stands_for_ipv4(const IpBytes& address) {
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  return std::all_of(address.begin(), address.begin() + 10, is_zero) && address[10] == 255 &&
         address[11] == 255;
}

unsigned group_of(const IpBytes& address, std::size_t group) {
  return unsigned{address[2 * group]} << 8 | address[2 * group + 1];
}

struct Run {
  std::size_t first = kGroups, count = 0;
};

// The first of the longest runs of zero groups; one alone is none.
Run longest_zeros(const IpBytes& address) {
  Run best, run;
  for (std::size_t group = 0; group < kGroups; ++group) {
    if (group_of(address, group) != 0) {
      run = {};
      continue;
    }
    if (run.count == 0) run.first = group;
    if (++run.count > std::max<std::size_t>(best.count, 1)) best = run;
  }
  return best;
}

std::string hex(unsigned value) {
  std::array<char, 4> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, 16).ptr;
  return {digits.data(), end};
}

}  // namespace

std::optional<IpBytes> parse_ip(std::string_view text) {
  IpBytes bytes{};
  if (text.find(':') == text.npos) {
    bytes[10] = bytes[11] = 255;
    if (!parse_ipv4(text, bytes.data() + 12)) return std::nullopt;
    return bytes;
  }
  const std::size_t gap = text.find("::");
  std::size_t front = 0, back = 0;
  if (gap == text.npos) {
    if (!parse_groups(text, bytes, front) || front != bytes.size()) return std::nullopt;
    return bytes;
  }
  IpBytes tail{};
  if (!parse_groups(text.substr(0, gap), bytes, front) ||
      !parse_groups(text.substr(gap + 2), tail, back) || front + back > bytes.size() - 2)
    return std::nullopt;
  std::copy_n(tail.begin(), back, bytes.end() - static_cast<std::ptrdiff_t>(back));
  return bytes;
}

IpBytes ipv4_bytes(std::string_view four) {
  IpBytes bytes{};
  bytes[10] = bytes[11] = 255;
  std::copy_n(four.begin(), std::min<std::size_t>(four.size(), 4), bytes.begin() + kIpv4At);
  return bytes;
}

std::string ip_text(const IpBytes& address) {
  std::string text;
  if (stands_for_ipv4(address)) {
    for (std::size_t part = kIpv4At; part < address.size(); ++part)
      text += (part == kIpv4At ? "" : ".") + std::to_string(address[part]);
    return text;
  }
  const Run zeros = longest_zeros(address);
  for (std::size_t group = 0; group < kGroups; ++group) {
    if (group == zeros.first) {
      text += "::";
      group += zeros.count - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    text += hex(group_of(address, group));
  }
  return text;
}

}  // namespace midge::codec
