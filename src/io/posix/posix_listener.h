// A listening socket of a loop.
#pragma once

#include "io/net.h"
#include "io/posix/posix_fd.h"
#include "io/posix/posix_loop.h"

namespace midge::io {

class PosixListener final : public Listener, private Watched {
 public:
  // `fd` listens already; it is watched from here on.
  PosixListener(PosixLoop& loop, PosixFd fd, Address address, ListenerEvents& events);
  ~PosixListener() override;
  [[nodiscard]] Address address() const override { return address_; }

 private:
  void on_ready(std::uint32_t epoll_events) override;
  void on_accept_failed(int error);
  void resume();

  PosixLoop& loop_;
  PosixFd fd_;
  Address address_;
  ListenerEvents& events_;
  MemberTimer<&PosixListener::resume> pause_{*this};
};

}  // namespace midge::io
