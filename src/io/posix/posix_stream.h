// A TCP connection. Small, because idle ones are many: the own address is asked of the
// system. The other end's is not: once that has reset the connection, the system does not know it.
#pragma once

#include "io/posix/posix_address.h"
#include "io/posix/posix_fd.h"
#include "io/posix/posix_loop.h"
#include "io/stream.h"

namespace midge::io {

class PosixStream final : public Stream, private Watched {
 public:
  PosixStream(PosixFd fd, const SocketAddress& remote) : fd_(std::move(fd)), remote_(remote) {}
  ~PosixStream() override;

  void attach(Loop& loop, StreamEvents& events) override;
  IoCount read(std::span<char> into) override;
  IoCount write(std::span<const Slice> from) override;
  void watch(bool readable, bool writable) override;
  void shutdown_write() override;
  [[nodiscard]] Address remote() const override;
  [[nodiscard]] Address local() const override;

 private:
  void on_ready(std::uint32_t epoll_events) override;

  PosixFd fd_;
  std::uint32_t interest_ = 0;  // epoll events
  PosixLoop* loop_ = nullptr;
  StreamEvents* events_ = nullptr;
  CompactAddress remote_;
};
static_assert(sizeof(PosixStream) <= 64, "idle connections are many");

}  // namespace midge::io
