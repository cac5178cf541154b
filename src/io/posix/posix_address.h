// Socket addresses and ours.
#pragma once

#include <sys/socket.h>

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

// IPv4-mapped IPv6 addresses are shown as plain IPv4.
Address address_of(const SocketAddress& address);
Address remote_of(int fd);
Address local_of(int fd);

// Every address. On IPv6 that takes IPv4 too.
SocketAddress any_address(int family, std::uint16_t port);
// Blocking where `host` is a name.
Result<std::vector<SocketAddress>> resolve(const Address& address);

}  // namespace midge::io
