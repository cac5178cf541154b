#include "publisher.h"

#include <sys/epoll.h>

#include <algorithm>

#include "clock.h"

namespace midge::load {

Publisher::Publisher(Socket socket, Poller& poller, Scratch& scratch, const Batch& batch)
    : socket_(std::move(socket)), poller_(poller), reader_(scratch, 0), batch_(batch) {
  socket_.set_nonblocking();
  poller_.add(socket_.fd(), *this, EPOLLIN);
}

void Publisher::send_batch(std::size_t bytes_max) {
  if (answers_due_ > 0) finish_frame();
  flush();
  while (!blocked_ && bytes_max > 0) {
    const std::size_t at = stream_bytes_ % batch_.bytes().size();
    const std::size_t wanted = std::min(bytes_max, batch_.bytes().size() - at);
    const std::size_t sent = socket_.try_send(batch_.bytes().data() + at, wanted);
    stream_bytes_ += sent;
    bytes_max -= sent;
    if (sent < wanted) set_blocked(true);
  }
}

void Publisher::finish_frame() {
  const std::size_t missing = batch_.bytes_to_frame_end(stream_bytes_);
  outbox_.append(batch_.bytes(), stream_bytes_ % batch_.bytes().size(), missing);
  stream_bytes_ += missing;
}

void Publisher::flush() {
  if (answers_due_ > 0 && batch_.bytes_to_frame_end(stream_bytes_) == 0) {
    for (; answers_due_ > 0; --answers_due_) outbox_ += "PONG\r\n";
  }
  if (outbox_.empty() || blocked_) return;
  const std::size_t wanted = outbox_.size() - outbox_sent_;
  const std::size_t sent = socket_.try_send(outbox_.data() + outbox_sent_, wanted);
  outbox_sent_ += sent;
  if (sent < wanted) return set_blocked(true);
  outbox_.clear();
  outbox_sent_ = 0;
}

void Publisher::probe(std::int64_t now, Histogram& latency) {
  outbox_ += "PING\r\n";
  probes_.push_back(now);
  latency_ = &latency;
}

void Publisher::on_ready(std::uint32_t events) {
  if (events & EPOLLOUT) {
    set_blocked(false);
    flush();
  }
  if (events & ~static_cast<std::uint32_t>(EPOLLOUT)) {
    reader_.drain(socket_, [](std::string_view) {});
    answers_due_ += reader_.take_pings();
    take_pongs();
  }
}

void Publisher::take_pongs() {
  if (probes_.empty()) return;
  const std::int64_t now = now_ns();
  while (!probes_.empty() && batches_confirmed() > 0) {
    latency_->record(now - probes_.front());
    probes_.pop_front();
    ++probes_done_;
  }
}

void Publisher::set_blocked(bool blocked) {
  if (blocked == blocked_) return;
  blocked_ = blocked;
  poller_.change(socket_.fd(), *this, blocked ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

}  // namespace midge::load
