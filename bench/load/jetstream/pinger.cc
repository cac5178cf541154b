#include "jetstream/pinger.h"

#include <sys/epoll.h>

#include "clock.h"

namespace midge::load {

Pinger::Pinger(Socket socket, Engine& engine)
    : socket_(std::move(socket)), reader_(engine.scratch(), 0) {
  socket_.set_nonblocking();
  engine.poller().add(socket_.fd(), *this, EPOLLIN);
  send();
}

void Pinger::send() {
  sent_at_ = now_ns();
  if (socket_.try_send("PING\r\n", 6) != 6) fail("no room for a PING");
}

void Pinger::on_ready(std::uint32_t) {
  reader_.drain(socket_, [](std::string_view) {});
  if (reader_.take_pings() > 0) socket_.try_send("PONG\r\n", 6);
  if (reader_.pongs() == seen_) return;
  seen_ = reader_.pongs();
  latency_.record(now_ns() - sent_at_);
  send();
}

}  // namespace midge::load
