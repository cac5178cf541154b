#include "jetstream/api_client.h"

#include <poll.h>

#include "clock.h"
#include "jetstream/message.h"

namespace midge::load {
namespace {
constexpr std::string_view kInbox = "_INBOX.api";
constexpr int kPatienceMs = 600'000;
}  // namespace

ApiClient::ApiClient(Socket socket, Scratch& scratch)
    : socket_(std::move(socket)), reader_(scratch, FrameReader::kAnySize) {
  socket_.send_all("SUB " + std::string(kInbox) + " 1\r\n");
  socket_.barrier();
  socket_.set_nonblocking();
}

std::string ApiClient::request(std::string_view subject, std::string_view body) {
  std::string frame = "PUB ";
  frame.append(subject).append(" ").append(kInbox).append(" ");
  frame.append(std::to_string(body.size())).append("\r\n").append(body).append("\r\n");
  socket_.send_all(frame);
  std::string answer;
  bool answered = false;
  while (!answered) {
    pollfd wanted{.fd = socket_.fd(), .events = POLLIN, .revents = 0};
    if (::poll(&wanted, 1, kPatienceMs) <= 0) fail("no answer to " + std::string(subject));
    reader_.drain(socket_, [&](std::string_view text) {
      const Message message = Message::parse(text);
      if (message.status() != 0) fail(std::string(subject) + ": " + std::string(message.header));
      answer = message.payload;
      answered = true;
    });
    if (reader_.take_pings() > 0) socket_.send_all("PONG\r\n");
  }
  if (answer.find("\"error\"") != std::string::npos) fail(std::string(subject) + ": " + answer);
  return answer;
}

std::int64_t ApiClient::request_ns(std::string_view subject, std::string_view body,
                                   std::string& answer) {
  const std::int64_t begin = now_ns();
  answer = request(subject, body);
  return now_ns() - begin;
}

}  // namespace midge::load
