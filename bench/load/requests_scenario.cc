// midge-load requests: request-reply between one requester and one responder. As clients do it, the
// requester has one wildcard subscription and a new reply subject for each request.
//   --in-flight 1 --payload 16 --warmup 0.5 --seconds 2
//   --rate R: requests at a rate, however many are in flight then (0: as fast as --in-flight allows)
// The latency is a request's round trip, from the time it was due to be written.
#include <sys/epoll.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "batch.h"
#include "clock.h"
#include "engine.h"
#include "fail.h"
#include "frame_reader.h"
#include "histogram.h"
#include "scenario.h"

namespace midge::load {
namespace {

constexpr std::string_view kService = "bench.service";
constexpr std::string_view kInbox = "_INBOX.Q7wPzJr2LxTn0VbYc4HdKe";
constexpr std::size_t kTokenBytes = 8;
constexpr std::size_t kReplyBytes = kInbox.size() + 1 + kTokenBytes;
constexpr std::int64_t kQuantum = 50'000;
constexpr std::size_t kRunawayBytes = 4 << 20;

// A connection's output that takes whole frames and keeps what the socket does not take.
class FrameWriter {
 public:
  explicit FrameWriter(Socket& socket) : socket_(socket) {}
  std::string& bytes() { return bytes_; }
  void flush() {
    if (bytes_.empty()) return;
    bytes_.erase(0, socket_.try_send(bytes_.data(), bytes_.size()));
    if (bytes_.size() > kRunawayBytes) fail_overloaded();
  }

 private:
  Socket& socket_;
  std::string bytes_;
};

class Responder : public ReadyHandler {
 public:
  Responder(Socket socket, Engine& engine, std::size_t payload)
      : socket_(std::move(socket)),
        writer_(socket_),
        reader_(engine.scratch(), message_frame_bytes(kService.size(), 1, kReplyBytes, payload)),
        frame_(publish_frame(std::string(kReplyBytes, '?'), "", payload)),
        payload_(payload) {
    socket_.send_all("SUB " + std::string(kService) + " 1\r\n");
    socket_.barrier();
    socket_.set_nonblocking();
    engine.poller().add(socket_.fd(), *this, EPOLLIN);
  }

  void on_ready(std::uint32_t) override {
    constexpr std::size_t reply_at = 4 + kService.size() + 3;  // MSG <service> 1 <reply>
    reader_.drain(socket_, [this](const char* request) {
      std::memcpy(frame_.data() + 4, request + reply_at, kReplyBytes);
      const std::size_t stamp_at = frame_.size() - 2 - payload_;
      const std::size_t size_digits = std::to_string(payload_).size();
      std::memcpy(frame_.data() + stamp_at, request + reply_at + kReplyBytes + 1 + size_digits + 2,
                  sizeof(std::int64_t));
      writer_.bytes() += frame_;
    });
    for (std::uint64_t n = reader_.take_pings(); n > 0; --n) writer_.bytes() += "PONG\r\n";
    writer_.flush();
  }

  void flush() { writer_.flush(); }

 private:
  Socket socket_;
  FrameWriter writer_;
  FrameReader reader_;
  std::string frame_;
  std::size_t payload_;
};

class Requester : public ReadyHandler, public Actor {
 public:
  Requester(Socket socket, Engine& engine, std::size_t payload, std::uint64_t in_flight_max,
            double rate)
      : socket_(std::move(socket)),
        writer_(socket_),
        reader_(engine.scratch(), message_frame_bytes(kReplyBytes, 1, 0, payload)),
        frame_(publish_frame(kService, std::string(kInbox) + "." + std::string(kTokenBytes, '0'),
                             payload)),
        payload_(payload),
        in_flight_max_(in_flight_max),
        rate_(rate) {
    socket_.send_all("SUB " + std::string(kInbox) + ".* 2\r\n");
    socket_.barrier();
    socket_.set_nonblocking();
    engine.poller().add(socket_.fd(), *this, EPOLLIN);
    engine.add(*this);
  }

  [[nodiscard]] std::uint64_t replies() const { return reader_.frames(); }
  Histogram& latency() { return latency_; }

  std::int64_t advance(std::int64_t now) override {
    if (begin_ == 0) begin_ = now;
    std::uint64_t due = in_flight_max_ + replies();
    if (rate_ > 0) {
      due = static_cast<std::uint64_t>(static_cast<double>(now - begin_) * rate_ / 1e9) + 1;
    }
    for (; requests_ < due; ++requests_) append_request(now);
    writer_.flush();
    if (rate_ <= 0) return writer_.bytes().empty() ? kNever : now + kQuantum;
    const auto next = begin_ + static_cast<std::int64_t>(static_cast<double>(requests_) * 1e9 / rate_);
    return std::max(next, now + kQuantum);
  }

  void on_ready(std::uint32_t) override {
    const std::size_t stamp_at = message_frame_bytes(kReplyBytes, 1, 0, payload_) - 2 - payload_;
    std::int64_t now = 0;
    reader_.drain(socket_, [&](const char* reply) {
      if (now == 0) now = now_ns();
      std::int64_t sent;
      std::memcpy(&sent, reply + stamp_at, sizeof sent);
      latency_.record(now - sent);
    });
    for (std::uint64_t n = reader_.take_pings(); n > 0; --n) writer_.bytes() += "PONG\r\n";
  }

 private:
  void append_request(std::int64_t now) {
    // The number of the request in base 36, so that no subject comes twice.
    char* token = frame_.data() + 4 + kService.size() + 1 + kInbox.size() + 1;
    std::uint64_t rest = requests_;
    for (std::size_t i = 0; i < kTokenBytes; ++i, rest /= 36) {
      token[i] = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36];
    }
    std::memcpy(frame_.data() + frame_.size() - 2 - payload_, &now, sizeof now);
    writer_.bytes() += frame_;
  }

  Socket socket_;
  FrameWriter writer_;
  FrameReader reader_;
  std::string frame_;
  std::size_t payload_;
  std::uint64_t in_flight_max_;
  double rate_;
  std::int64_t begin_ = 0;
  std::uint64_t requests_ = 0;
  Histogram latency_;
};

}  // namespace

void run_requests(Options& options) {
  const Target target(options);
  const auto in_flight = static_cast<std::uint64_t>(options.number("in-flight", 1));
  const auto payload = static_cast<std::size_t>(options.number("payload", 16));
  const double rate = options.real("rate", 0);
  const double warmup = options.real("warmup", 0.5);
  const double seconds = options.real("seconds", 2);
  options.finish();

  Engine engine(target.pid);
  Dialer dialer = target.dialer();
  Requester requester(dialer.dial(Role::kPublisher), engine, payload, in_flight, rate);
  Responder responder(dialer.dial(Role::kSubscriber), engine, payload);
  engine.run_for(warmup);
  requester.latency().clear();
  const std::uint64_t replies = requester.replies();
  const Stretch stretch = engine.run_for(seconds);
  Report report = stretch.report(static_cast<double>(requester.replies() - replies));
  report.add("latency", requester.latency().report());
  report.print();
}

}  // namespace midge::load
