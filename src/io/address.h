// A network address as text and port; the environment resolves it.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

namespace midge::io {

struct Address {
  std::string host;  // an IP literal without brackets, a name where the call resolves; "" = any
  std::uint16_t port = 0;
  auto operator<=>(const Address&) const = default;

  // `host:port`, IPv6 hosts in brackets.
  [[nodiscard]] std::string text() const;
};

}  // namespace midge::io
