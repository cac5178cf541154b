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
      reader_(engine.scratch(), FrameReader::kAnySize),
      reply_end_(frames_.reply_end()) {
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
  reader_.drain(socket_, [this](std::string_view request) {
    std::string& out = writer_.bytes();
    out.append("PUB ").append(RequestFrames::reply_of(request)).append(reply_end_);
    std::memcpy(out.data() + frames_.stamp_in(out), request.data() + frames_.stamp_in(request),
                sizeof(std::int64_t));
  });
  for (std::uint64_t n = reader_.take_pings(); n > 0; --n) writer_.bytes() += "PONG\r\n";
  writer_.flush();
}

}  // namespace midge::load
