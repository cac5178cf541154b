#include "websocket/stream.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "websocket/close_status.h"
#include "websocket/frame_plan.h"

namespace midge::websocket {
namespace {

// With more control frames than this unwritten, their sender is read no further.
constexpr std::size_t kOutputMax = 256 * 1024;
// A buffer larger than this is not kept.
constexpr std::size_t kOutputKept = 256;
// How long one whose request was refused may take to hang up.
constexpr Duration kLinger = milliseconds(500);

constexpr io::IoCount kNothingNow{io::IoCount::Status::kWouldBlock};

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
    : wire_(std::move(wire)), terms_(std::move(terms)), compression_(compression) {}

Stream::~Stream() {
  if (has_inflater()) compression_.of(loop_->id()).give_back(*this);
}

// ---- opening

void Stream::open(io::Loop& loop, io::WebSocketEvents& events) {
  loop_ = &loop;
  opener_ = std::make_unique<Opener>(*this, events);
  loop.timers().arm(opener_->patience, loop.now() + terms_->patience);
  wire_->attach(loop, *this);
  if (io::SecureStream* secure = wire_->secure()) return secure->start_handshake(*this);
  phase_ = Phase::kRequest;
}

void Stream::on_secured() {
  phase_ = Phase::kRequest;
  wire_->watch(true, false);
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
  const io::IoCount got = wire_->read(chunk);
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
  Upgrade upgrade = judge_upgrade(head, *terms_, wire_->secure() != nullptr);
  const std::string whose = remote().text() + " - websocket handshake error: ";
  if (!upgrade.fault.empty()) return refuse(std::move(upgrade.answer), whose + upgrade.fault);
  if (head.size < opener_->request.size())
    return refuse("", whose + "client sent data before handshake is complete");
  if (upgrade.is_leafnode)
    return refuse(std::move(upgrade.answer), "Not configured to accept leaf node connections");
  output_ = std::move(upgrade.answer);
  decoder_.set_rules(upgrade.masked, upgrade.compressed);
  browser_ = upgrade.browser;
  compressed_ = upgrade.compressed;
  whole_messages_ = upgrade.whole_messages;
  if (upgrade.visitor != io::WebSocketVisitor{})
    visitor_ = std::make_unique<io::WebSocketVisitor>(std::move(upgrade.visitor));
  phase_ = Phase::kOpen;
  const auto opener = std::exchange(opener_, nullptr);
  flush_output();
  opener->events.on_opened();
}

void Stream::refuse(std::string answer, std::string_view why) {
  phase_ = Phase::kRefused;
  output_ = std::move(answer);
  loop_->timers().arm(opener_->patience, loop_->now() + kLinger);
  shutdown_write();
  opener_->events.on_refused(why);
}

void Stream::read_past() {
  std::array<char, 4096> chunk;
  const io::IoCount got = wire_->read(chunk);
  if (!got.ok() && got.status != io::IoCount::Status::kWouldBlock) opener_->events.on_gone();
}

// ---- reading

void Stream::attach(io::Loop& loop, io::StreamEvents& events) {
  ENSURE(phase_ == Phase::kOpen && loop_ == &loop, "a web socket is open before it is attached");
  events_ = &events;
  watch_wire();
}

io::IoCount Stream::read(std::span<char> into) {
  if (is_over()) return read_end();
  // Who does not read its answers is not listened to.
  if (output_.size() > kOutputMax) return kNothingNow;
  if (compressed_) return read_compressed(into);
  const io::IoCount got = wire_->read(into);
  if (!got.ok()) return got;
  const std::size_t count = decode(into, got.bytes);
  if (!output_.empty()) flush_output();
  if (count > 0) {
    if (is_over()) loop_->schedule(*this);
    return {io::IoCount::Status::kOk, count};
  }
  return is_over() ? read_end() : kNothingNow;
}

std::size_t Stream::decode(std::span<char> into, std::size_t count) {
  std::string_view input(into.data(), count);
  std::size_t filled = 0;
  while (true) {
    switch (decoder_.next(input)) {
      case FrameDecoder::Step::kNeedMore:
        return filled;
      case FrameDecoder::Step::kPayload: {
        const FrameDecoder::Payload& payload = decoder_.payload();
        copy_masked(into.data() + filled, payload.bytes.data(), payload.bytes.size(), payload.mask);
        filled += payload.bytes.size();
        break;
      }
      case FrameDecoder::Step::kControl:
        answer_control();
        break;
      case FrameDecoder::Step::kFault:
        fail(decoder_.fault(), kProtocolError);
        break;
    }
    if (is_over()) return filled;
  }
}

void Stream::answer_control() {
  switch (decoder_.control()) {
    case Opcode::kPing:
      return send_control(Opcode::kPong, decoder_.control_payload());
    case Opcode::kClose: {
      CloseAnswer answer = answer_close(decoder_.control_payload());
      if (!answer.fault.empty()) return fail(std::move(answer.fault), kProtocolError);
      goodbye_ = std::move(answer.payload);
      has_goodbye_ = said_goodbye_ = true;
      return;
    }
    default:
      return;
  }
}

void Stream::fail(std::string text, std::uint16_t status) {
  goodbye_ = close_payload(status, text);
  has_goodbye_ = true;
  fault_ = std::move(text);
}

io::IoCount Stream::read_end() {
  if (!std::exchange(told_end_, true)) {
    if (fault_.empty()) return {io::IoCount::Status::kEnd};
    return {io::IoCount::Status::kError, 0, EPROTO};
  }
  std::array<char, 4096> chunk;
  const io::IoCount got = wire_->read(chunk);
  return got.ok() ? kNothingNow : got;
}

// ---- writing

io::IoCount Stream::write(std::span<const io::Slice> from) {
  if (shut_) return {io::IoCount::Status::kError, 0, EPIPE};
  if (!output_.empty()) {
    if (const io::IoCount flushed = flush_output(); !flushed.ok()) return flushed;
  }
  if (compressed_) return write_compressed(from);
  return write_plain(from);
}

io::IoCount Stream::write_plain(std::span<const io::Slice> from) {
  std::size_t taken = 0;
  FramePlan plan(browser_ ? FramePlan::kBrowserFrame : FramePlan::kFrame);
  for (FramePlan::Cursor at{from}; !at.done();) {
    plan.fill(at);
    const io::IoCount written = wire_->write(plan.slices());
    if (!written.ok()) {
      if (taken > 0 && written.status == io::IoCount::Status::kWouldBlock) break;
      return written;
    }
    const bool all = written.bytes == plan.size();
    taken += plan.take(written.bytes, output_);
    if (!all) break;
  }
  if (!output_.empty()) watch_wire();
  return {io::IoCount::Status::kOk, taken};
}

void Stream::set_goodbye(std::uint16_t status, std::string_view text) {
  if (std::exchange(has_goodbye_, true)) return;
  goodbye_ = close_payload(status, text);
}

void Stream::send_control(Opcode opcode, std::string_view payload) {
  const FrameHead head(opcode, payload.size());
  output_.append(head.data(), head.size()).append(payload);
}

io::IoCount Stream::flush_output() {
  const io::Slice slice{output_.data(), output_.size()};
  const io::IoCount written = wire_->write({&slice, 1});
  if (!written.ok()) {
    if (written.status == io::IoCount::Status::kWouldBlock) watch_wire();
    return written;
  }
  output_.erase(0, written.bytes);
  const bool done = output_.empty();
  if (done) {
    if (output_.capacity() > kOutputKept) std::string().swap(output_);
    end_output();
  }
  watch_wire();
  return done ? written : kNothingNow;
}

void Stream::shutdown_write() {
  if (std::exchange(shut_, true)) return;
  if (phase_ == Phase::kOpen) send_control(Opcode::kClose, goodbye_);
  if (output_.empty()) return end_output();
  flush_output();
}

// The last of the output is written: the wire may be told.
void Stream::end_output() {
  if (shut_ && !std::exchange(wire_shut_, true)) wire_->shutdown_write();
}

// ---- events

void Stream::watch(bool readable, bool writable) {
  want_readable_ = readable;
  want_writable_ = writable;
  watch_wire();
  const bool has_more = held_ != nullptr || (is_over() && !told_end_);
  if (has_more && want_readable_) loop_->schedule(*this);
}

void Stream::watch_wire() {
  if (phase_ != Phase::kOpen) return wire_->watch(true, !output_.empty());
  wire_->watch(want_readable_ && output_.size() <= kOutputMax, want_writable_ || !output_.empty());
}

void Stream::on_readable() {
  switch (phase_) {
    case Phase::kHandshake:
      return;
    case Phase::kRequest:
      return read_request();
    case Phase::kRefused:
      return read_past();
    case Phase::kOpen:
      if (want_readable_ && events_ != nullptr) events_->on_readable();
      return;
  }
}

void Stream::on_writable() {
  if (!output_.empty()) {
    const io::IoCount flushed = flush_output();
    if (flushed.status == io::IoCount::Status::kWouldBlock) return;
    // A wire that broke is found by whoever reads or writes next.
    if (!flushed.ok()) output_.clear();
    watch_wire();
  }
  if (want_writable_ && events_ != nullptr) events_->on_writable();
}

void Stream::on_turn() {
  if (want_readable_) events_->on_readable();
}

}  // namespace midge::websocket
