#include "poller.h"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "clock.h"
#include "fail.h"

namespace midge::load {

Poller::Poller() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (fd_ < 0) fail_errno("epoll_create1");
  // The default slack of 50 µs would be the better part of a request's round trip.
  ::prctl(PR_SET_TIMERSLACK, 1000, 0, 0, 0);
}

Poller::~Poller() { ::close(fd_); }

void Poller::add(int fd, ReadyHandler& handler, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &handler}};
  if (::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) fail_errno("epoll_ctl");
}

void Poller::change(int fd, ReadyHandler& handler, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = &handler}};
  if (::epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event) != 0) fail_errno("epoll_ctl");
}

void Poller::remove(int fd) {
  if (::epoll_ctl(fd_, EPOLL_CTL_DEL, fd, nullptr) != 0) fail_errno("epoll_ctl");
}

void Poller::wait(std::int64_t timeout_ns) {
  std::array<epoll_event, 1024> ready;
  if (timeout_ns < 0 || spins_) timeout_ns = 0;
  const timespec timeout{.tv_sec = timeout_ns / kSecond, .tv_nsec = timeout_ns % kSecond};
  const int count = ::epoll_pwait2(fd_, ready.data(), ready.size(), &timeout, nullptr);
  if (count < 0 && errno != EINTR) fail_errno("epoll_pwait2");
  for (int i = 0; i < count; ++i) {
    static_cast<ReadyHandler*>(ready[static_cast<std::size_t>(i)].data.ptr)
        ->on_ready(ready[static_cast<std::size_t>(i)].events);
  }
}

}  // namespace midge::load
