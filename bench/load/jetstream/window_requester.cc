#include "jetstream/window_requester.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <bit>

#include "clock.h"
#include "jetstream/message.h"

namespace midge::load {
namespace {

constexpr std::size_t kInboxBytes = 29;

// As long as clients' own; another for each connection.
std::string inbox_of(const Socket& socket) {
  std::string inbox = "_INBOX.Q7wPzJr2LxTn0VbY";
  const std::string number = std::to_string(socket.fd());
  return inbox + std::string(kInboxBytes - inbox.size() - number.size(), '0') + number;
}
constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr std::int64_t kQuantum = 50'000;
constexpr std::size_t kWriteBytes = 256 << 10;  // as much is prepared for one write

}  // namespace

Piece constant(std::string text) {
  return [text = std::move(text)](std::uint64_t, std::string& out) { out += text; };
}

Piece counted(std::string start, std::uint64_t count, std::string end) {
  const std::size_t digits = std::max<std::size_t>(6, std::to_string(count - 1).size());
  return [=](std::uint64_t number, std::string& out) {
    std::array<char, 20> text;
    std::uint64_t rest = number % count;
    for (std::size_t i = digits; i > 0; rest /= 10) text[--i] = static_cast<char>('0' + rest % 10);
    out.append(start).append(text.data(), digits).append(end);
  };
}

WindowRequester::WindowRequester(Socket socket, Engine& engine, const Requests& requests)
    : requests_(requests),
      socket_(std::move(socket)),
      writer_(socket_),
      reader_(engine.scratch(), FrameReader::kAnySize),
      sent_at_(std::bit_ceil(2 * requests.window)),
      reply_(inbox_of(socket_) + "." + std::string(kTokenBytes, '0')) {
  socket_.send_all("SUB " + inbox_of(socket_) + ".* 2\r\n");
  socket_.barrier();
  socket_.set_nonblocking();
  engine.poller().add(socket_.fd(), *this, EPOLLIN);
  engine.add(*this);
}

std::int64_t WindowRequester::advance(std::int64_t now) {
  const std::uint64_t end = requests_.total == 0 ? ~std::uint64_t{0} : requests_.total;
  while (!stopped_ && sent_ < end && sent_ - answered() < requests_.window &&
         writer_.bytes().size() < kWriteBytes)
    append_request(now);
  writer_.flush();
  return writer_.empty() ? kNever : now + kQuantum;
}

void WindowRequester::append_request(std::int64_t now) {
  std::uint64_t rest = sent_;
  for (std::size_t i = 1; i <= kTokenBytes; ++i, rest /= kDigits.size())
    reply_[reply_.size() - i] = kDigits[rest % kDigits.size()];
  std::string& out = writer_.bytes();
  out.append("PUB ");
  requests_.subject(sent_, out);
  body_.clear();
  requests_.body(sent_, body_);
  out.append(" ").append(reply_).append(" ").append(std::to_string(body_.size()));
  out.append("\r\n").append(body_).append("\r\n");
  sent_at_[sent_++ & (sent_at_.size() - 1)] = now;
}

void WindowRequester::on_ready(std::uint32_t) {
  std::int64_t now = 0;
  reader_.drain(socket_, [&](std::string_view frame) {
    if (now == 0) now = now_ns();
    check(frame);
    if (answered() >= sent_) fail("more answers than requests");
    const std::size_t token = (frame.front() == 'H' ? 5 : 4) + kInboxBytes + 1;
    std::uint64_t number = 0;
    for (const char c : frame.substr(token, kTokenBytes))
      number =
          number * kDigits.size() + static_cast<std::uint64_t>(c <= '9' ? c - '0' : c - 'a' + 10);
    latency_.record(now - sent_at_[number & (sent_at_.size() - 1)]);
  });
  for (std::uint64_t n = reader_.take_pings(); n > 0; --n) writer_.bytes() += "PONG\r\n";
}

void WindowRequester::check(std::string_view answer) const {
  if (answer.find(requests_.expects) == std::string_view::npos ||
      answer.find("\"error\"") != std::string_view::npos)
    fail("an answer says: " + std::string(answer));
}

}  // namespace midge::load
