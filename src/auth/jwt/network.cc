#include "auth/jwt/network.h"

#include <algorithm>
#include <charconv>

namespace midge::auth::jwt {
namespace {

constexpr unsigned kIpv4Prefix = 96;

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

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto address = parse_ip(text.substr(0, slash));
  const bool is_ipv4 = text.substr(0, slash).find(':') == text.npos;
  const auto bits = parse_number(text.substr(slash + 1), 10, is_ipv4 ? 32 : 128);
  if (!address || !bits) return std::nullopt;
  return Network{*address, is_ipv4 ? kIpv4Prefix + *bits : *bits};
}

bool Network::contains(const IpBytes& host) const {
  for (unsigned bit = 0; bit < bits; bit += 8) {
    const unsigned compared = std::min(8U, bits - bit);
    const unsigned mask = 0xFF00U >> compared & 255U;
    if (((address[bit / 8] ^ host[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace midge::auth::jwt
