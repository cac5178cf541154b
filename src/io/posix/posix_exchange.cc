#include "io/posix/posix_exchange.h"

#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <cerrno>

#include "io/posix/posix_address.h"
#include "io/posix/posix_clock.h"
#include "io/posix/posix_error.h"
#include "io/posix/posix_fd.h"

namespace midge::io {
namespace {

// Gives each call what is left of the time for all.
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

Result<PosixFd> connect_to(const Address& address, Deadline& deadline) {
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

Result<std::string> exchange(const Address& address, std::string_view request, Duration timeout,
                             std::size_t answer_max) {
  Deadline deadline(timeout);
  ASSIGN_OR_RETURN(const PosixFd fd, connect_to(address, deadline));
  while (!request.empty()) {
    if (!deadline.apply(fd.get())) return timed_out();
    const ssize_t count = ::send(fd.get(), request.data(), request.size(), MSG_NOSIGNAL);
    if (count >= 0)
      request.remove_prefix(static_cast<std::size_t>(count));
    else if (errno != EINTR)
      return failed("write", errno);
  }
  std::string answer;
  char chunk[16 * 1024];
  while (answer.size() <= answer_max) {
    if (!deadline.apply(fd.get())) return timed_out();
    const ssize_t count = ::recv(fd.get(), chunk, sizeof chunk, 0);
    if (count == 0) return answer;
    if (count > 0)
      answer.append(chunk, static_cast<std::size_t>(count));
    else if (errno != EINTR)
      return failed("read", errno);
  }
  return failure("answer is too large", ErrorCode::kTooLarge);
}

}  // namespace midge::io
