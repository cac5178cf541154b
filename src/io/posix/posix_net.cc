#include "io/posix/posix_net.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/posix/posix_address.h"
#include "io/posix/posix_dial.h"
#include "io/posix/posix_error.h"
#include "io/posix/posix_fd.h"
#include "io/posix/posix_listener.h"

namespace midge::io {
namespace {

// What failed, and how: `bind: address already in use`.
struct ListenFailure {
  const char* call;
  int error;
};

std::expected<PosixFd, ListenFailure> listening_socket(const SocketAddress& address,
                                                       bool only_ipv6) {
  PosixFd fd(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return std::unexpected(ListenFailure{"socket", errno});
  const int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.family() == AF_INET6) {
    const int only = only_ipv6 ? 1 : 0;
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  if (::bind(fd.get(), address.get(), address.size) != 0)
    return std::unexpected(ListenFailure{"bind", errno});
  if (::listen(fd.get(), SOMAXCONN) != 0) return std::unexpected(ListenFailure{"listen", errno});
  return fd;
}

bool is_any(const std::string& host) { return host.empty() || host == "0.0.0.0" || host == "::"; }

// A machine without IPv6 refuses the socket, or has no address to bind it to.
std::expected<PosixFd, ListenFailure> listen_everywhere(std::uint16_t port) {
  auto fd = listening_socket(any_address(AF_INET6, port), false);
  if (fd || (fd.error().error != EAFNOSUPPORT && fd.error().error != EADDRNOTAVAIL)) return fd;
  return listening_socket(any_address(AF_INET, port), true);
}

std::unexpected<Error> listen_failure(const Address& address, const ListenFailure& why) {
  return system_failure("listen tcp " + address.text() + ": " + why.call, why.error);
}

bool worth_telling(const ifaddrs& entry) {
  if (entry.ifa_addr == nullptr || (entry.ifa_flags & IFF_UP) == 0 ||
      (entry.ifa_flags & IFF_LOOPBACK) != 0)
    return false;
  if (entry.ifa_addr->sa_family == AF_INET) return true;
  if (entry.ifa_addr->sa_family != AF_INET6) return false;
  // Link-local addresses mean nothing without the reader's interface.
  return !IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<sockaddr_in6*>(entry.ifa_addr)->sin6_addr);
}

}  // namespace

Result<std::unique_ptr<Listener>> PosixNet::listen(Loop& loop, const Address& address,
                                                   ListenerEvents& events) {
  std::expected<PosixFd, ListenFailure> fd;
  Address bound = address;
  if (is_any(address.host)) {
    fd = listen_everywhere(address.port);
    if (bound.host.empty()) bound.host = "0.0.0.0";
    if (fd) bound.port = local_of(fd->get()).port;
  } else {
    auto candidates = resolve(address);
    if (!candidates) return std::unexpected(candidates.error().within("listen tcp"));
    // A name with addresses of both kinds listens on IPv4, as on the peer.
    std::ranges::stable_partition(
        *candidates, [](const SocketAddress& candidate) { return candidate.family() == AF_INET; });
    for (const SocketAddress& candidate : *candidates) {
      fd = listening_socket(candidate, true);
      if (fd) break;
    }
    if (fd) bound = local_of(fd->get());
  }
  if (!fd) return listen_failure(address, fd.error());
  return std::make_unique<PosixListener>(static_cast<PosixLoop&>(loop), std::move(*fd),
                                         std::move(bound), events);
}

Result<std::unique_ptr<Stream>> PosixNet::connect(const Address& address, Duration timeout) {
  return dial_for_loop(address, timeout);
}

Result<std::unique_ptr<BlockingStream>> PosixNet::dial(const Address& address, Duration timeout) {
  return io::dial(address, timeout);
}

std::vector<std::string> PosixNet::interface_addresses() {
  std::vector<std::string> found;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return found;
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner(list, &freeifaddrs);
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (!worth_telling(*entry)) continue;
    SocketAddress address;
    address.size =
        entry->ifa_addr->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::memcpy(&address.storage, entry->ifa_addr, address.size);
    found.push_back(address_of(address).host);
  }
  return found;
}

}  // namespace midge::io
