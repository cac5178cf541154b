#include "client/link.h"

#include <cstring>
#include <utility>

#include "websocket/close_status.h"

namespace midge::detail {
namespace {

constexpr int kReadsPerTick = 4;  // then it is somebody else's turn
constexpr int kAnswersWaitingMax = 1000;

}  // namespace

Link::Link(Worker& worker, LinkEvents& events, std::unique_ptr<io::Stream> stream, LinkTerms terms)
    : worker_(worker),
      events_(events),
      stream_(std::move(stream)),
      terms_(std::move(terms)),
      handshake_(std::make_unique<Handshake>(terms_.handshake)) {}

void Link::open() {
  worker_.loop().timers().arm(patience_, worker_.loop().now() + terms_.patience);
  if (io::WebSocketStream* const socket = stream_->web_socket())
    return socket->open(worker_.loop(), *this);
  on_opened();
}

void Link::on_opened() {
  opened_ = true;
  stream_->attach(worker_.loop(), *this);
  obey(handshake_->on_open());
}

void Link::on_refused(std::string_view why) {
  const std::string_view proxys = fault();
  down(Error(std::string(proxys.empty() ? why : proxys), ErrorCode::kIo));
}

std::string_view Link::fault() const {
  if (terms_.proxy_fault && !terms_.proxy_fault->empty()) return *terms_.proxy_fault;
  io::WebSocketStream* const socket = stream_->web_socket();
  return socket == nullptr ? std::string_view() : socket->fault();
}

void Link::abandon() {
  over_ = true;
  io::WebSocketStream* const socket = stream_->web_socket();
  if (socket == nullptr || !opened_) return;
  socket->set_goodbye(websocket::kNormalClosure, "");
  socket->shutdown_write();
}

Error Link::broken(const char* what, const io::IoCount& count) const {
  if (!fault().empty()) return Error(std::string(fault()), ErrorCode::kIo);
  return Error(std::string(what) + ": " + std::strerror(count.error), ErrorCode::kIo);
}

void Link::on_readable() {
  const std::span<char> buffer = worker_.read_buffer();
  for (int reads = 0; reads < kReadsPerTick && !over_; ++reads) {
    const io::IoCount count = stream_->read(buffer);
    if (count.status == io::IoCount::Status::kWouldBlock) return;
    if (count.status == io::IoCount::Status::kEnd)
      return down(Error("the server closed the connection", ErrorCode::kClosed));
    if (!count.ok()) return down(broken("read", count));
    // Who subscribed before the server wrote this is known before it is read.
    worker_.loop().drain_mail();
    consume({buffer.data(), count.bytes});
    if (count.bytes < buffer.size()) return;
  }
}

void Link::consume(std::string_view input) {
  proto::ServerFrame frame;
  while (!over_) {
    switch (parser_.next(input, frame)) {
      case proto::ServerParser::Status::kFrame:
        handle(frame);
        break;
      case proto::ServerParser::Status::kNeedMore:
        return;
      case proto::ServerParser::Status::kError:
        return down(Error(std::string("protocol: ") + parser_.error_text(), ErrorCode::kInvalid));
    }
  }
}

void Link::handle(const proto::ServerFrame& frame) {
  using enum proto::ServerVerb;
  if (!up_) return obey(handshake_->on_frame(frame));
  switch (frame.verb) {
    case kMsg:
    case kHmsg:
      return events_.on_message(frame);
    case kPing:
      return answer("PONG\r\n");
    case kPong:
      pings_out_ = 0;
      return events_.on_pong();
    case kInfo:
      return events_.on_info(frame.args);
    case kErr:
      if (is_auth_error(frame.args))
        return down(Error(std::string(frame.args), ErrorCode::kPermission), true);
      return events_.on_server_error(frame.args);
    case kOk:
      return;
  }
}

void Link::obey(Handshake::Step step) {
  using enum Handshake::Action;
  switch (step.action) {
    case kWait:
      return;
    case kSecure:
      stream_->secure()->start_handshake(*this);
      return;
    case kReconnectSecure:
      over_ = true;
      return events_.on_needs_secure();
    case kSend:
      return answer(step.bytes);
    case kDone:
      return up();
    case kFail:
      return down(*std::move(step.error), handshake_->refused());
  }
}

void Link::on_secured() { obey(handshake_->on_secured()); }

void Link::on_handshake_failed(const io::HandshakeFailure& failure) {
  if (!fault().empty()) return on_refused(failure.text);
  down(Error(failure.text, ErrorCode::kPermission));
}

void Link::up() {
  worker_.loop().timers().cancel(patience_);
  up_ = true;
  if (terms_.ping_interval.ns > 0)
    worker_.loop().timers().arm(ping_time_, worker_.loop().now() + terms_.ping_interval);
  const std::unique_ptr<Handshake> done = std::move(handshake_);
  events_.on_up(done->facts());
  if (!over_) write_out();
}

void Link::on_ping_time() {
  if (over_) return;
  if (++pings_out_ > terms_.pings_out_max)
    return down(Error("stale connection: the server answers no PING", ErrorCode::kTimeout));
  worker_.loop().timers().arm(ping_time_, worker_.loop().now() + terms_.ping_interval);
  events_.ping();
}

void Link::on_patience_over() {
  const std::string_view what = fault().empty() ? "the server does not let us in" : fault();
  down(Error("timeout: " + std::string(what), ErrorCode::kTimeout));
}

void Link::down(Error why, bool refused) {
  if (std::exchange(over_, true)) return;
  events_.on_down(std::move(why), refused);
}

void Link::answer(std::string_view bytes) {
  if (++answers_waiting_ > kAnswersWaitingMax)
    return down(Error("the server asks and asks, and takes no answers", ErrorCode::kIo));
  say(bytes);
}

void Link::say(std::string_view bytes) {
  own_.append(bytes);
  write_out();
}

void Link::write_out() {
  while (!over_) {
    // A frame that has begun to go goes on.
    if (writing_at_ == writing_.size() || writing_at_ == 0) {
      if (own_at_ < own_.size() && !write(own_, own_at_)) return;
      own_.clear();
      own_at_ = 0;
      answers_waiting_ = 0;
    }
    if (writing_at_ == writing_.size()) {
      writing_.clear();
      writing_at_ = 0;
      if (!up_ || !events_.more_to_write(writing_)) break;
    }
    if (!write(writing_, writing_at_)) return;
  }
  if (!over_ && std::exchange(watches_writable_, false)) stream_->watch(true, false);
}

bool Link::write(const std::string& bytes, std::size_t& at) {
  while (at < bytes.size()) {
    const io::Slice slice{bytes.data() + at, bytes.size() - at};
    const io::IoCount count = stream_->write({&slice, 1});
    if (count.ok()) {
      at += count.bytes;
    } else if (count.status == io::IoCount::Status::kWouldBlock) {
      if (!std::exchange(watches_writable_, true)) stream_->watch(true, true);
      return false;
    } else {
      down(broken("write", count));
      return false;
    }
  }
  return true;
}

std::string Link::take_unwritten(std::size_t& written) {
  written = std::exchange(writing_at_, 0);
  return std::exchange(writing_, {});
}

}  // namespace midge::detail
