// IP addresses as text, read and written as Go's net package does.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace midge::codec {

// IPv4 addresses are those of IPv6 that stand for them (`::ffff:10.0.0.1`).
using IpBytes = std::array<std::uint8_t, 16>;

// Decimal numbers have no leading zeros, zones are not known.
[[nodiscard]] std::optional<IpBytes> parse_ip(std::string_view text);

// The shortest form; one that stands for an IPv4 address reads as that.
[[nodiscard]] std::string ip_text(const IpBytes& address);

[[nodiscard]] IpBytes ipv4_bytes(std::string_view four);

}  // namespace midge::codec
