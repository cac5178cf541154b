#include "io/posix/posix_dial.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "io/posix/posix_address.h"
#include "io/posix/posix_clock.h"
#include "io/posix/posix_error.h"
#include "io/posix/posix_fd.h"
#include "io/posix/posix_stream.h"

namespace midge::io {
namespace {

class Deadline {
 public:
  explicit Deadline(Duration timeout) : end_(clock_.now() + timeout) {}

  // False if nothing is left.
  bool apply(int fd) {
    const Duration left = end_ - clock_.now();
    if (left.ns <= 0) return false;
    const timeval value{left.ns / 1000000000,
                        std::max<std::int64_t>(left.ns % 1000000000 / 1000, 1)};
    for (const int option : {SO_SNDTIMEO, SO_RCVTIMEO})
      ::setsockopt(fd, SOL_SOCKET, option, &value, sizeof value);
    return true;
  }

 private:
  PosixClock clock_;
  MonoTime end_;
};

std::unexpected<Error> timed_out() { return failure("i/o timeout", ErrorCode::kIo); }

bool is_timeout(int error) { return error == EAGAIN || error == EINPROGRESS; }

std::unexpected<Error> failed(const std::string& call, int error) {
  if (is_timeout(error)) return timed_out();
  return system_failure(call, error);
}

class PosixDialed final : public BlockingStream {
 public:
  PosixDialed(PosixFd fd, const Deadline& deadline) : fd_(std::move(fd)), deadline_(deadline) {}

  Result<void> send(std::string_view bytes) override {
    while (!bytes.empty()) {
      if (!deadline_.apply(fd_.get())) return timed_out();
      const ssize_t count = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count >= 0)
        bytes.remove_prefix(static_cast<std::size_t>(count));
      else if (errno != EINTR)
        return failed("write", errno);
    }
    return {};
  }

  Result<std::size_t> receive(std::span<char> into) override {
    while (deadline_.apply(fd_.get())) {
      const ssize_t count = ::recv(fd_.get(), into.data(), into.size(), 0);
      if (count >= 0) return static_cast<std::size_t>(count);
      if (errno != EINTR) return failed("read", errno);
    }
    return timed_out();
  }

 private:
  PosixFd fd_;
  Deadline deadline_;
};

Result<PosixFd> connected(const Address& address, Deadline& deadline) {
  const std::string call = "dial tcp " + address.text();
  auto candidates = resolve(address);
  if (!candidates) return std::unexpected(candidates.error().within("dial tcp"));
  int error = ECONNREFUSED;
  for (const SocketAddress& candidate : *candidates) {
    PosixFd fd(::socket(candidate.family(), SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd.valid()) return system_failure(call + ": socket", errno);
    if (!deadline.apply(fd.get())) return timed_out();
    if (::connect(fd.get(), candidate.get(), candidate.size) == 0) return fd;
    error = errno;
  }
  return failed(call + ": connect", error);
}

}  // namespace

Result<std::unique_ptr<BlockingStream>> dial(const Address& address, Duration timeout) {
  Deadline deadline(timeout);
  ASSIGN_OR_RETURN(PosixFd fd, connected(address, deadline));
  return std::make_unique<PosixDialed>(std::move(fd), deadline);
}

Result<std::unique_ptr<Stream>> dial_for_loop(const Address& address, Duration timeout) {
  Deadline deadline(timeout);
  ASSIGN_OR_RETURN(PosixFd fd, connected(address, deadline));
  const int on = 1;
  ::setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const int flags = ::fcntl(fd.get(), F_GETFL);
  if (flags < 0 || ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return system_failure("fcntl", errno);
  const SocketAddress remote = peer_of(fd.get());
  return std::make_unique<PosixStream>(std::move(fd), remote);
}

}  // namespace midge::io
