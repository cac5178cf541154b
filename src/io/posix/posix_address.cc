#include "io/posix/posix_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>

namespace midge::io {
namespace {

template <class T>
const T& as(const SocketAddress& address) {
  return reinterpret_cast<const T&>(address.storage);
}

// As inet_ntop does, which takes ten times as long: it is asked for each connection of a list.
std::string ipv4_text(const void* four_bytes) {
  const auto* bytes = static_cast<const unsigned char*>(four_bytes);
  std::array<char, INET_ADDRSTRLEN> text;
  char* end = text.data();
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *end++ = '.';
    end = std::to_chars(end, text.data() + text.size(), bytes[i]).ptr;
  }
  return {text.data(), end};
}

std::string ipv6_text(const sockaddr_in6& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) return ipv4_text(&address.sin6_addr.s6_addr[12]);
  inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text);
  char interface[IF_NAMESIZE];
  if (address.sin6_scope_id != 0 && if_indextoname(address.sin6_scope_id, interface) != nullptr)
    return std::string(text) + "%" + interface;
  return text;
}

}  // namespace

Address address_of(const SocketAddress& address) {
  if (address.family() == AF_INET6) {
    const auto& v6 = as<sockaddr_in6>(address);
    return {ipv6_text(v6), ntohs(v6.sin6_port)};
  }
  if (address.family() != AF_INET) return {};
  const auto& v4 = as<sockaddr_in>(address);
  return {ipv4_text(&v4.sin_addr), ntohs(v4.sin_port)};
}

CompactAddress::CompactAddress(const SocketAddress& address) {
  if (address.family() == AF_INET6) {
    const auto& v6 = as<sockaddr_in6>(address);
    ip = v6.sin6_addr;
    scope = v6.sin6_scope_id;
    port = v6.sin6_port;
  } else if (address.family() == AF_INET) {
    const auto& v4 = as<sockaddr_in>(address);
    ip.s6_addr[10] = ip.s6_addr[11] = 0xff;
    std::memcpy(&ip.s6_addr[12], &v4.sin_addr, sizeof v4.sin_addr);
    port = v4.sin_port;
  }
}

Address CompactAddress::address() const {
  sockaddr_in6 v6{};
  v6.sin6_addr = ip;
  v6.sin6_scope_id = scope;
  return {ipv6_text(v6), ntohs(port)};
}

SocketAddress peer_of(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0)
    return {};
  return address;
}

Address local_of(int fd) {
  SocketAddress address;
  address.size = sizeof address.storage;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&address.storage), &address.size) != 0)
    return {};
  return address_of(address);
}

SocketAddress any_address(int family, std::uint16_t port) {
  SocketAddress address;
  if (family == AF_INET6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    address.size = sizeof v6;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    address.size = sizeof v4;
  }
  return address;
}

Result<std::vector<SocketAddress>> resolve(const Address& address) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const std::string port = std::to_string(address.port);
  const int error = getaddrinfo(address.host.c_str(), port.c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, &freeaddrinfo);
  if (error == EAI_NONAME || error == EAI_NODATA)
    return failure("lookup " + address.host + ": no such host", ErrorCode::kInvalid);
  if (error != 0)
    return failure("lookup " + address.host + ": " + gai_strerror(error), ErrorCode::kInvalid);
  std::vector<SocketAddress> addresses;
  for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
    SocketAddress found;
    std::memcpy(&found.storage, entry->ai_addr, entry->ai_addrlen);
    found.size = entry->ai_addrlen;
    addresses.push_back(found);
  }
  return addresses;
}

}  // namespace midge::io
