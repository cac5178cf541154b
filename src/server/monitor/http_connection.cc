#include "server/monitor/http_connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "server/monitor/http_server.h"

namespace midge::server {

HttpConnection::HttpConnection(HttpServer& server, io::Loop& loop,
                               std::unique_ptr<io::Stream> stream, std::uint64_t id)
    : server_(server), loop_(loop), id_(id), stream_(std::move(stream)) {}

HttpConnection::~HttpConnection() { hold({}, {}); }

void HttpConnection::hold(std::string bytes, std::vector<std::string> more) {
  server_.unread_ -= output_.size();
  for (const std::string& piece : later_) server_.unread_ -= piece.size();
  output_ = std::move(bytes);
  written_ = 0;
  later_ = std::move(more);
  std::ranges::reverse(later_);
  server_.unread_ += output_.size();
  for (const std::string& piece : later_) server_.unread_ += piece.size();
}

bool HttpConnection::hold_next() {
  if (later_.empty()) return false;
  server_.unread_ -= output_.size();
  output_ = std::move(later_.back());
  written_ = 0;
  later_.pop_back();
  return true;
}

void HttpConnection::start() {
  stream_->attach(loop_, *this);
  allow(kStepMax);
}

void HttpConnection::on_readable() {
  std::array<char, 16 * 1024> chunk;
  const io::IoCount count = stream_->read(chunk);
  if (count.status == io::IoCount::Status::kWouldBlock) return;
  if (!count.ok()) return server_.close(*this);
  if (input_.empty()) allow(kStepMax);
  input_.append(chunk.data(), count.bytes);
  parse_input();
}

void HttpConnection::go_on() {
  if (state_ == State::kWriting) return write_some();
  parse_input();
}

void HttpConnection::parse_input() {
  // What came meanwhile may have been worked off before the turn for it.
  if (state_ != State::kReading) return;
  switch (parser_.parse(input_)) {
    case HttpParser::Status::kNeedMore:
      return;
    case HttpParser::Status::kRefused:
      return send(parser_.refusal(), {}, false);
    case HttpParser::Status::kRequest:
      request_ = parser_.take_request();
      has_asked_ = true;
      state_ = State::kAnswering;
      stream_->watch(false, false);
      allow(kStepMax);
      return server_.request_arrived(*this, request_);
  }
}

void HttpConnection::answer(HttpResponse response, WallTime now) {
  if (state_ != State::kAnswering) return;
  std::string bytes = render(response, request_, now);
  if (request_.head) response.more.clear();
  send(std::move(bytes), std::move(response.more), request_.keep_alive);
}

void HttpConnection::send(std::string bytes, std::vector<std::string> more, bool keep_open) {
  state_ = State::kWriting;
  allow(kStepMax);
  hold(std::move(bytes), std::move(more));
  keep_open_ = keep_open;
  write_some();
}

void HttpConnection::on_writable() {
  if (state_ == State::kWriting) write_some();
}

void HttpConnection::write_some() {
  std::size_t room = kBytesPerTurn;
  while (written_ < output_.size() || hold_next()) {
    if (room == 0) {
      loop_.schedule(next_request_);
      return loop_.give_way_and_tick_again();
    }
    const io::Slice rest{output_.data() + written_, std::min(output_.size() - written_, room)};
    const io::IoCount count = stream_->write({&rest, 1});
    if (count.status == io::IoCount::Status::kWouldBlock) {
      stream_->watch(false, true);
      return;
    }
    if (!count.ok()) return server_.close(*this);
    written_ += count.bytes;
    room -= count.bytes;
    allow(kStepMax);
  }
  answer_written();
}

void HttpConnection::answer_written() {
  hold({}, {});
  if (!keep_open_) {
    stream_->shutdown_write();
    return server_.close(*this);
  }
  state_ = State::kReading;
  allow(input_.empty() ? kIdleMax : kStepMax);
  stream_->watch(true, false);
  if (!input_.empty()) loop_.schedule(next_request_);
}

void HttpConnection::allow(Duration time) { loop_.timers().arm(timer_, loop_.now() + time); }

void HttpConnection::on_timer() {
  if (state_ != State::kReading) return server_.close(*this);
  refuse_rest(408, {});
}

void HttpConnection::refuse_rest(int status, std::string_view why) {
  if (input_.empty() && !parser_.has_begun()) return server_.close(*this);
  send(render_refusal(status, why), {}, false);
}

}  // namespace midge::server
