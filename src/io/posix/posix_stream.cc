#include "io/posix/posix_stream.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>

#include "base/check.h"
#include "io/posix/posix_address.h"

namespace midge::io {
namespace {

// The kernel reads our slices where they stand.
static_assert(sizeof(Slice) == sizeof(iovec) &&
              offsetof(Slice, data) == offsetof(iovec, iov_base) &&
              offsetof(Slice, size) == offsetof(iovec, iov_len));

IoCount failed(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return {IoCount::Status::kWouldBlock};
  return {IoCount::Status::kError, 0, error};
}

}  // namespace

PosixStream::~PosixStream() {
  if (loop_ != nullptr) loop_->forget(fd_.get(), *this);
}

void PosixStream::attach(Loop& loop, StreamEvents& events) {
  ENSURE(loop_ == nullptr, "a stream is attached once");
  loop_ = static_cast<PosixLoop*>(&loop);
  events_ = &events;
  watch(true, false);
}

IoCount PosixStream::read(std::span<char> into) {
  while (true) {
    const ssize_t count = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (count > 0) return {IoCount::Status::kOk, static_cast<std::size_t>(count)};
    if (count == 0) return {IoCount::Status::kEnd};
    if (errno != EINTR) return failed(errno);
  }
}

IoCount PosixStream::write(std::span<const Slice> from) {
  while (true) {
    ssize_t count = 0;
    if (from.size() == 1) {
      count = ::send(fd_.get(), from[0].data, from[0].size, MSG_NOSIGNAL);
    } else {
      msghdr message{};
      message.msg_iov = reinterpret_cast<iovec*>(const_cast<Slice*>(from.data()));
      message.msg_iovlen = std::min(from.size(), kSlicesMax);
      count = ::sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    }
    if (count >= 0) return {IoCount::Status::kOk, static_cast<std::size_t>(count)};
    if (errno != EINTR) return failed(errno);
  }
}

void PosixStream::watch(bool readable, bool writable) {
  const std::uint32_t interest = (readable ? EPOLLIN : 0U) | (writable ? EPOLLOUT : 0U);
  if (interest == interest_) return;
  // Not watched at all instead of for nothing: epoll reports errors and hang-ups unasked.
  loop_->watch(fd_.get(), *this, interest, interest_ != 0);
  interest_ = interest;
}

void PosixStream::on_ready(std::uint32_t epoll_events) {
  constexpr std::uint32_t kBroken = EPOLLERR | EPOLLHUP;
  PosixLoop& loop = *loop_;
  if ((epoll_events & (EPOLLIN | kBroken)) != 0 && (interest_ & EPOLLIN) != 0) {
    events_->on_readable();
    if (!loop.still_current(*this)) return;
  }
  if ((epoll_events & (EPOLLOUT | kBroken)) != 0 && (interest_ & EPOLLOUT) != 0)
    events_->on_writable();
}

void PosixStream::shutdown_write() { ::shutdown(fd_.get(), SHUT_WR); }

Address PosixStream::remote() const { return remote_.address(); }
Address PosixStream::local() const { return local_of(fd_.get()); }

}  // namespace midge::io
