#include "io/posix/posix_listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>

#include "io/posix/posix_clock.h"
#include "io/posix/posix_error.h"
#include "io/posix/posix_stream.h"

namespace midge::io {
namespace {

// How long the connected wait in a tick for those who come, beside one of these and what accepting
// leads to, INFO and what TLS needs: 10 to 100 µs each.
constexpr Duration kAcceptFor = microseconds(20);
constexpr Duration kPause = seconds(1);

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

PosixListener::PosixListener(PosixLoop& loop, PosixFd fd, Address address, ListenerEvents& events)
    : loop_(loop), fd_(std::move(fd)), address_(std::move(address)), events_(events) {
  loop_.watch(fd_.get(), *this, EPOLLIN, false);
}

PosixListener::~PosixListener() { loop_.forget(fd_.get(), *this); }

void PosixListener::on_ready(std::uint32_t) {
  PosixLoop& loop = loop_;
  const MonoTime enough = PosixClock::monotonic() + kAcceptFor;
  do {
    SocketAddress remote;
    remote.size = sizeof remote.storage;
    PosixFd fd(::accept4(fd_.get(), reinterpret_cast<sockaddr*>(&remote.storage), &remote.size,
                         SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd.valid()) {
      if (errno == EAGAIN || errno == EWOULDBLOCK) return;
      if (out_of_resources(errno)) return on_accept_failed(errno);
      continue;  // that connection is gone already: an error of its own, not of the listener
    }
    const int on = 1;
    ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    events_.on_accept(std::make_unique<PosixStream>(std::move(fd), remote));
    if (!loop.still_current(*this)) return;
  } while (PosixClock::monotonic() < enough);
}

void PosixListener::on_accept_failed(int error) {
  loop_.watch(fd_.get(), *this, 0, true);
  loop_.timers().arm(pause_, loop_.now() + kPause);
  events_.on_accept_error(
      Error(system_code(error), "accept " + address_.text() + ": " + system_text(error)));
}

void PosixListener::resume() { loop_.watch(fd_.get(), *this, EPOLLIN, false); }

}  // namespace midge::io
