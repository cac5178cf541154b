// Networks as claims write them (`10.0.0.0/8`, `2001:db8::/32`), and which hosts are in them.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace midge::auth::jwt {

// IPv4 addresses are those of IPv6 that stand for them.
using IpBytes = std::array<std::uint8_t, 16>;

std::optional<IpBytes> parse_ip(std::string_view text);

struct Network {
  IpBytes address{};
  unsigned bits = 0;  // of the 128

  static std::optional<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpBytes& host) const;
};

}  // namespace midge::auth::jwt
