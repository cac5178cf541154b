#include "io/posix/log_output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace midge::io {

bool wait_for_room(int fd, const GiveUp& give_up) {
  constexpr int kLookMs = 50;
  while (!give_up.load(std::memory_order_relaxed)) {
    pollfd entry{fd, POLLOUT, 0};
    const int ready = ::poll(&entry, 1, kLookMs);
    if (ready > 0) return (entry.revents & POLLOUT) != 0;
    if (ready < 0 && errno != EINTR) return false;
  }
  return false;
}

bool write_patiently(int fd, std::string_view bytes, const GiveUp& give_up) {
  while (!bytes.empty()) {
    if (!wait_for_room(fd, give_up)) return false;
    // A pipe with room takes PIPE_BUF bytes at once.
    const ssize_t count = ::write(fd, bytes.data(), std::min<std::size_t>(bytes.size(), PIPE_BUF));
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR && errno != EAGAIN) {
      return false;
    }
  }
  return true;
}

}  // namespace midge::io
