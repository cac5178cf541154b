#include "subscriber.h"

#include <sys/epoll.h>

#include "clock.h"

namespace midge::load {

Subscriber::Subscriber(Socket socket, Poller& poller, Scratch& scratch, std::size_t frame_bytes,
                       std::size_t payload)
    : socket_(std::move(socket)),
      poller_(poller),
      reader_(scratch, frame_bytes),
      stamp_from_end_(payload + 2) {
  socket_.set_nonblocking();
  poller_.add(socket_.fd(), *this, EPOLLIN);
}

void Subscriber::stall() {
  stalled_ = true;
  poller_.remove(socket_.fd());
}

void Subscriber::resume() {
  stalled_ = false;
  poller_.add(socket_.fd(), *this, EPOLLIN);
}

void Subscriber::on_ready(std::uint32_t) {
  if (latency_ == nullptr) {
    reader_.drain(socket_, [](std::string_view) {});
  } else {
    std::int64_t now = 0;
    reader_.drain(socket_, [&](std::string_view frame) {
      if (now == 0) now = now_ns();
      std::int64_t sent;
      std::memcpy(&sent, frame.data() + frame.size() - stamp_from_end_, sizeof sent);
      latency_->record(now - sent);
    });
  }
  for (std::uint64_t pings = reader_.take_pings(); pings > 0; --pings) {
    socket_.try_send("PONG\r\n", 6);
  }
}

}  // namespace midge::load
