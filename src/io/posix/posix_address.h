// Socket addresses and ours.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "io/address.h"

namespace midge::io {

// A sockaddr of any family we use, by value.
struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

// The same in 24 bytes, for what there are many of.
struct CompactAddress {
  in6_addr ip{};  // IPv4 as IPv6 maps it
  std::uint32_t scope = 0;
  in_port_t port = 0;  // in the order of the network

  CompactAddress() = default;
  explicit CompactAddress(const SocketAddress& address);
  [[nodiscard]] Address address() const;
};

// IPv4-mapped IPv6 addresses are shown as plain IPv4.
Address address_of(const SocketAddress& address);
Address local_of(int fd);
// Whom a connection is with; of no family once that has reset it.
SocketAddress peer_of(int fd);

// Every address. On IPv6 that takes IPv4 too.
SocketAddress any_address(int family, std::uint16_t port);
// Blocking where `host` is a name.
Result<std::vector<SocketAddress>> resolve(const Address& address);

}  // namespace midge::io
