#include "auth/jwt/network.h"

#include <algorithm>
#include <charconv>

namespace midge::auth::jwt {
namespace {

constexpr unsigned kIpv4Prefix = 96;

std::optional<unsigned> parse_bits(std::string_view text, unsigned max) {
  unsigned value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stop != end || value > max) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == text.npos) return std::nullopt;
  const auto address = codec::parse_ip(text.substr(0, slash));
  const bool is_ipv4 = text.substr(0, slash).find(':') == text.npos;
  const auto bits = parse_bits(text.substr(slash + 1), is_ipv4 ? 32 : 128);
  if (!address || !bits) return std::nullopt;
  return Network{*address, is_ipv4 ? kIpv4Prefix + *bits : *bits};
}

bool Network::contains(const codec::IpBytes& host) const {
  for (unsigned bit = 0; bit < bits; bit += 8) {
    const unsigned compared = std::min(8U, bits - bit);
    const unsigned mask = 0xFF00U >> compared & 255U;
    if (((address[bit / 8] ^ host[bit / 8]) & mask) != 0) return false;
  }
  return true;
}

}  // namespace midge::auth::jwt
