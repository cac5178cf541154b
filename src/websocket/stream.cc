#include "websocket/stream.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "websocket/close_status.h"
#include "websocket/frame_plan.h"

namespace midge::websocket {
namespace {

// A buffer larger than this is not kept.
constexpr std::size_t kOutputKept = 256;
// How long one whose request was refused may take to hang up.
constexpr Duration kLinger = milliseconds(500);

}  // namespace

struct Stream::Opener {
  Opener(Stream& its_stream, io::WebSocketEvents& its_events)
      : stream(its_stream), events(its_events) {}
  void on_timer() { stream.on_patience_over(); }

  Stream& stream;
  io::WebSocketEvents& events;
  std::string request;
  io::MemberTimer<&Opener::on_timer> patience{*this};
};

Stream::Stream(std::unique_ptr<io::Stream> wire, std::shared_ptr<const Terms> terms,
               Compression& compression)
    : FramedStream(std::move(wire), compression,
                   {.message_max = terms->message_max, .output_kept = kOutputKept}),
      terms_(std::move(terms)) {}

Stream::~Stream() = default;

// ---- opening

void Stream::open(io::Loop& loop, io::WebSocketEvents& events) {
  opener_ = std::make_unique<Opener>(*this, events);
  loop.timers().arm(opener_->patience, loop.now() + terms_->patience);
  bind(loop);
  if (io::SecureStream* secure = wire().secure()) return secure->start_handshake(*this);
  phase_ = Phase::kRequest;
}

void Stream::on_secured() {
  phase_ = Phase::kRequest;
  wire().watch(true, false);
}

void Stream::on_handshake_failed(const io::HandshakeFailure& failure) {
  phase_ = Phase::kRefused;
  io::WebSocketEvents& events = opener_->events;
  events.on_refused("websocket: TLS handshake error from " + remote().text() + ": " + failure.text);
  events.on_gone();
}

void Stream::on_patience_over() {
  phase_ = Phase::kRefused;
  opener_->events.on_gone();
}

void Stream::read_request() {
  std::array<char, 4096> chunk;
  const io::IoCount got = wire().read(chunk);
  if (got.status == io::IoCount::Status::kWouldBlock) return;
  if (!got.ok()) return opener_->events.on_gone();
  opener_->request.append(chunk.data(), got.bytes);
  RequestHead head;
  switch (const HeadStatus status = parse_request_head(opener_->request, head)) {
    case HeadStatus::kWhole:
      return judge(head);
    case HeadStatus::kNeedMore:
      return;
    case HeadStatus::kMalformed:
    case HeadStatus::kTooLarge:
    case HeadStatus::kNoHost:
      return refuse(refusal_of(status), "");
  }
}

void Stream::judge(const RequestHead& head) {
  Upgrade upgrade = judge_upgrade(head, *terms_, wire().secure() != nullptr);
  const std::string whose = remote().text() + " - websocket handshake error: ";
  if (!upgrade.fault.empty()) return refuse(std::move(upgrade.answer), whose + upgrade.fault);
  if (head.size < opener_->request.size())
    return refuse("", whose + "client sent data before handshake is complete");
  if (upgrade.is_leafnode)
    return refuse(std::move(upgrade.answer), "Not configured to accept leaf node connections");
  browser_ = upgrade.browser;
  whole_messages_ = upgrade.whole_messages;
  if (upgrade.visitor != io::WebSocketVisitor{})
    visitor_ = std::make_unique<io::WebSocketVisitor>(std::move(upgrade.visitor));
  set_open(upgrade.masked ? FrameDecoder::Masking::kRequired : FrameDecoder::Masking::kOptional,
           upgrade.compressed, {});
  const auto opener = std::exchange(opener_, nullptr);
  send_opening(std::move(upgrade.answer));
  opener->events.on_opened();
}

void Stream::refuse(std::string answer, std::string_view why) {
  phase_ = Phase::kRefused;
  if (!answer.empty()) send_opening(std::move(answer));
  loop().timers().arm(opener_->patience, loop().now() + kLinger);
  shutdown_write();
  opener_->events.on_refused(why);
}

void Stream::read_past() {
  std::array<char, 4096> chunk;
  const io::IoCount got = wire().read(chunk);
  if (!got.ok() && got.status != io::IoCount::Status::kWouldBlock) opener_->events.on_gone();
}

void Stream::on_opening_readable() {
  if (phase_ == Phase::kRequest) return read_request();
  if (phase_ == Phase::kRefused) return read_past();
}

// ---- writing

io::IoCount Stream::write_plain(std::span<const io::Slice> from) {
  std::size_t taken = 0;
  FramePlan frames = plan();
  for (FramePlan::Cursor at{from}; !at.done();) {
    frames.fill(at);
    const io::IoCount written = wire().write(frames.slices());
    if (!written.ok()) {
      if (taken > 0 && written.status == io::IoCount::Status::kWouldBlock) break;
      return written;
    }
    const bool all = written.bytes == frames.size();
    taken += frames.take(written.bytes, output());
    if (!all) break;
  }
  if (!output().empty()) watch_wire();
  return {io::IoCount::Status::kOk, taken};
}

void Stream::send_control(Opcode opcode, std::string_view payload) {
  const FrameHead head(opcode, payload.size());
  output().append(head.data(), head.size()).append(payload);
}

// `size`: of what it was made from. Nothing of it is taken, or all.
io::IoCount Stream::write_message(std::string_view message, std::size_t size) {
  FramePlan frames = plan();
  frames.compress(whole_messages_);
  const io::Slice slice{message.data(), message.size()};
  FramePlan::Cursor at{{&slice, 1}};
  frames.fill(at);
  ENSURE(at.done(), "a plan has room for a message");
  const io::IoCount written = wire().write(frames.slices());
  if (!written.ok()) return written;
  if (written.bytes < frames.size()) {
    (void)frames.take(written.bytes, output());
    watch_wire();
  }
  return {io::IoCount::Status::kOk, size};
}

}  // namespace midge::websocket
