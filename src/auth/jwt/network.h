// Networks as claims write them (`10.0.0.0/8`, `2001:db8::/32`), and which hosts are in them.
#pragma once

#include <optional>
#include <string_view>

#include "codec/ip_address.h"

namespace midge::auth::jwt {

struct Network {
  codec::IpBytes address{};
  unsigned bits = 0;  // of the 128

  static std::optional<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(const codec::IpBytes& host) const;
};

}  // namespace midge::auth::jwt
