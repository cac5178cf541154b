#include "requester.h"

#include <sys/epoll.h>

#include <algorithm>
#include <cstring>

#include "clock.h"

namespace midge::load {
namespace {
constexpr std::int64_t kQuantum = 50'000;
}

Requester::Requester(Socket socket, Engine& engine, std::size_t payload, std::uint64_t in_flight,
                     double rate)
    : socket_(std::move(socket)),
      writer_(socket_),
      frames_{payload},
      reader_(engine.scratch(), frames_.delivered_reply_bytes()),
      request_(frames_.request()),
      in_flight_(in_flight),
      rate_(rate) {
  socket_.send_all("SUB " + std::string(kInbox) + ".* 2\r\n");
  socket_.barrier();
  socket_.set_nonblocking();
  engine.poller().add(socket_.fd(), *this, EPOLLIN);
  engine.add(*this);
}

std::uint64_t Requester::requests_due(std::int64_t now) const {
  if (rate_ <= 0) return replies() + in_flight_;
  return static_cast<std::uint64_t>(static_cast<double>(now - begin_) * rate_ / 1e9) + 1;
}

std::int64_t Requester::advance(std::int64_t now) {
  if (begin_ == 0) begin_ = now;
  for (const std::uint64_t due = requests_due(now); requests_ < due; ++requests_) {
    append_request(now);
  }
  writer_.flush();
  if (rate_ <= 0) return writer_.empty() ? kNever : now + kQuantum;
  const double next_ns = static_cast<double>(requests_) * 1e9 / rate_;
  return std::max(begin_ + static_cast<std::int64_t>(next_ns), now + kQuantum);
}

void Requester::append_request(std::int64_t now) {
  // The number of the request in base 36, so that no subject comes twice.
  char* token = request_.data() + RequestFrames::kTokenInRequest;
  std::uint64_t rest = requests_;
  for (std::size_t i = 0; i < kTokenBytes; ++i, rest /= 36) {
    token[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36];
  }
  std::memcpy(request_.data() + frames_.stamp_in(request_), &now, sizeof now);
  writer_.bytes() += request_;
}

void Requester::on_ready(std::uint32_t) {
  const std::size_t stamp_at = frames_.stamp_in_delivered_reply();
  std::int64_t now = 0;
  reader_.drain(socket_, [&](std::string_view reply) {
    if (now == 0) now = now_ns();
    std::int64_t sent;
    std::memcpy(&sent, reply.data() + stamp_at, sizeof sent);
    latency_.record(now - sent);
  });
  for (std::uint64_t n = reader_.take_pings(); n > 0; --n) writer_.bytes() += "PONG\r\n";
}

}  // namespace midge::load
