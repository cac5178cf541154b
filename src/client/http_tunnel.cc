#include "client/http_tunnel.h"

#include <array>
#include <cerrno>
#include <utility>

#include "codec/base64.h"
#include "websocket/http_head.h"

namespace midge::detail {
namespace {

constexpr io::IoCount kNothingNow{io::IoCount::Status::kWouldBlock};

}  // namespace

std::string connect_request(const std::string& target, const std::string& credentials) {
  std::string request = "CONNECT " + target + " HTTP/1.1\r\nHost: " + target + "\r\n";
  if (!credentials.empty())
    request += "Proxy-Authorization: Basic " +
               codec::encode_base64(codec::Base64::kStd, credentials) + "\r\n";
  return request + "\r\n";
}

HttpTunnel::HttpTunnel(std::unique_ptr<io::Stream> wire, std::string request, std::string proxy,
                       std::shared_ptr<std::string> fault)
    : wire_(std::move(wire)),
      request_(std::move(request)),
      proxy_("proxy " + std::move(proxy)),
      fault_(std::move(fault)) {
  *fault_ = proxy_ + " does not answer";
}

// ---- opening

void HttpTunnel::attach(io::Loop& loop, io::StreamEvents& events) {
  loop_ = &loop;
  events_ = &events;
  wire_->attach(loop, *this);
  if (io::SecureStream* secure = wire_->secure()) return secure->start_handshake(*this);
  on_secured();
}

void HttpTunnel::on_secured() {
  phase_ = Phase::kAsking;
  ask();
}

void HttpTunnel::on_handshake_failed(const io::HandshakeFailure& failure) { refuse(failure.text); }

void HttpTunnel::ask() {
  const io::Slice rest{request_.data(), request_.size()};
  const io::IoCount written = wire_->write({&rest, 1});
  if (written.ok())
    request_.erase(0, written.bytes);
  else if (written.status != io::IoCount::Status::kWouldBlock)
    return refuse("the connection broke");
  watch_wire();
}

void HttpTunnel::read_answer() {
  std::array<char, 4096> chunk;
  const io::IoCount got = wire_->read(chunk);
  if (got.status == io::IoCount::Status::kWouldBlock) return;
  if (!got.ok()) return refuse("it closed the connection");
  answer_.append(chunk.data(), got.bytes);
  judge();
}

void HttpTunnel::judge() {
  websocket::AnswerHead head;
  const websocket::HeadStatus status = websocket::parse_answer_head(answer_, head);
  if (status == websocket::HeadStatus::kNeedMore) return;
  if (status != websocket::HeadStatus::kWhole) return refuse("it does not speak HTTP");
  if (head.status < 200 || head.status > 299)
    return refuse("it refuses: " + std::to_string(head.status) + " " + std::string(head.reason));
  answer_.erase(0, head.size);
  fault_->clear();
  phase_ = Phase::kOpen;
  watch_wire();
  take_turn_if_more();
}

void HttpTunnel::refuse(const std::string& why) {
  phase_ = Phase::kRefused;
  *fault_ = proxy_ + ": " + why;
  watch_wire();
  take_turn_if_more();
}

// ---- bytes

io::IoCount HttpTunnel::read(std::span<char> into) {
  if (phase_ == Phase::kRefused) {
    told_ = true;
    return {io::IoCount::Status::kError, 0, EPROTO};
  }
  if (phase_ != Phase::kOpen) return kNothingNow;
  if (answer_.empty()) return wire_->read(into);
  const std::size_t count = answer_.copy(into.data(), into.size());
  answer_.erase(0, count);
  take_turn_if_more();
  return {io::IoCount::Status::kOk, count};
}

io::IoCount HttpTunnel::write(std::span<const io::Slice> from) {
  if (phase_ == Phase::kRefused) return {io::IoCount::Status::kError, 0, EPROTO};
  return phase_ == Phase::kOpen ? wire_->write(from) : kNothingNow;
}

void HttpTunnel::watch(bool readable, bool writable) {
  want_readable_ = readable;
  want_writable_ = writable;
  watch_wire();
  take_turn_if_more();
}

void HttpTunnel::watch_wire() {
  switch (phase_) {
    case Phase::kSecuring:
      return;  // the handshake's
    case Phase::kAsking:
      return wire_->watch(true, !request_.empty());
    case Phase::kOpen:
      return wire_->watch(want_readable_, want_writable_);
    case Phase::kRefused:
      return wire_->watch(false, false);
  }
}

void HttpTunnel::take_turn_if_more() {
  const bool more = phase_ == Phase::kRefused ? !told_ : !answer_.empty();
  if (more && want_readable_ && (phase_ == Phase::kOpen || phase_ == Phase::kRefused))
    loop_->schedule(*this);
}

// ---- events

void HttpTunnel::on_readable() {
  if (phase_ == Phase::kAsking) return read_answer();
  if (phase_ == Phase::kOpen && want_readable_) events_->on_readable();
}

void HttpTunnel::on_writable() {
  if (phase_ == Phase::kAsking && !request_.empty()) return ask();
  if (phase_ == Phase::kOpen && want_writable_) events_->on_writable();
}

void HttpTunnel::on_turn() {
  if (!want_readable_) return;
  take_turn_if_more();  // again, until it was read
  events_->on_readable();
}

}  // namespace midge::detail
