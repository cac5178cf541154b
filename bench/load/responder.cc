#include "responder.h"

#include <sys/epoll.h>

#include <cstring>

#include "clock.h"

namespace midge::load {
namespace {
constexpr std::int64_t kRetry = 50'000;
}

Responder::Responder(Socket socket, Engine& engine, std::size_t payload)
    : socket_(std::move(socket)),
      writer_(socket_),
      frames_{payload},
      reader_(engine.scratch(), frames_.delivered_request_bytes()),
      reply_(frames_.reply()) {
  socket_.send_all("SUB " + std::string(kService) + " 1\r\n");
  socket_.barrier();
  socket_.set_nonblocking();
  engine.poller().add(socket_.fd(), *this, EPOLLIN);
  engine.add(*this);
}

std::int64_t Responder::advance(std::int64_t now) {
  writer_.flush();
  return writer_.empty() ? kNever : now + kRetry;
}

void Responder::on_ready(std::uint32_t) {
  reader_.drain(socket_, [this](const char* request) {
    std::memcpy(reply_.data() + RequestFrames::kSubjectInReply,
                request + RequestFrames::kReplyInDeliveredRequest, kReplyBytes);
    std::memcpy(reply_.data() + frames_.stamp_in(reply_),
                request + frames_.stamp_in_delivered_request(), sizeof(std::int64_t));
    writer_.bytes() += reply_;
  });
  for (std::uint64_t n = reader_.take_pings(); n > 0; --n) writer_.bytes() += "PONG\r\n";
  writer_.flush();
}

}  // namespace midge::load
