#include "websocket/framed_stream.h"

#include <array>
#include <utility>

#include "base/check.h"
#include "websocket/close_status.h"

namespace midge::websocket {
namespace {

// With more control frames than this unwritten, their sender is read no further.
constexpr std::size_t kOutputMax = 256 * 1024;

constexpr io::IoCount kNothingNow{io::IoCount::Status::kWouldBlock};

}  // namespace

FramedStream::FramedStream(std::unique_ptr<io::Stream> wire, Compression& compression,
                           Limits limits)
    : wire_(std::move(wire)), compression_(compression), limits_(limits) {}

FramedStream::~FramedStream() {
  if (has_inflater()) compression_.of(loop_->id()).give_back(*this);
}

// ---- opening

void FramedStream::bind(io::Loop& loop) {
  loop_ = &loop;
  wire_->attach(loop, *this);
}

io::IoCount FramedStream::send_opening(std::string bytes) {
  output_ = std::move(bytes);
  return flush_output();
}

void FramedStream::set_open(FrameDecoder::Masking masking, bool compressed,
                            std::string_view early) {
  open_ = true;
  compressed_ = compressed;
  decoder_.set_rules(masking, compressed);
  early_ = early;
}

// ---- reading

void FramedStream::attach(io::Loop& loop, io::StreamEvents& events) {
  ENSURE(open_ && loop_ == &loop, "a web socket is open before it is attached");
  events_ = &events;
  watch_wire();
  if (!early_.empty()) loop_->schedule(*this);
}

io::IoCount FramedStream::read_wire(std::span<char> into) {
  if (early_.empty()) return wire_->read(into);
  const std::size_t count = early_.copy(into.data(), into.size());
  early_.erase(0, count);
  if (!early_.empty()) loop_->schedule(*this);
  return {io::IoCount::Status::kOk, count};
}

io::IoCount FramedStream::read(std::span<char> into) {
  if (is_over()) return read_end();
  // Who does not read its answers is not listened to.
  if (output_.size() > kOutputMax) return kNothingNow;
  if (compressed_) return read_compressed(into);
  const io::IoCount got = read_wire(into);
  if (!got.ok()) return got;
  const std::size_t count = decode(into, got.bytes);
  if (!output_.empty()) flush_output();
  if (count > 0) {
    if (is_over()) loop_->schedule(*this);
    return {io::IoCount::Status::kOk, count};
  }
  return is_over() ? read_end() : kNothingNow;
}

std::size_t FramedStream::decode(std::span<char> into, std::size_t count) {
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

void FramedStream::answer_control() {
  switch (decoder_.control()) {
    case Opcode::kPing:
      return send_control(Opcode::kPong, decoder_.control_payload());
    case Opcode::kClose: {
      CloseAnswer answer = answer_close(decoder_.control_payload());
      if (!answer.fault.empty()) return fail(std::move(answer.fault), kProtocolError);
      goodbye_ = std::move(answer.payload);
      has_goodbye_ = said_goodbye_ = true;
      fault_ = goodbye_fault(decoder_.control_payload());
      return;
    }
    default:
      return;
  }
}

void FramedStream::fail(std::string text, std::uint16_t status) {
  goodbye_ = close_payload(status, text);
  has_goodbye_ = true;
  fault_ = std::move(text);
}

io::IoCount FramedStream::read_end() {
  if (!std::exchange(told_end_, true)) {
    if (fault_.empty()) return {io::IoCount::Status::kEnd};
    return {io::IoCount::Status::kError, 0, EPROTO};
  }
  std::array<char, 4096> chunk;
  const io::IoCount got = wire_->read(chunk);
  return got.ok() ? kNothingNow : got;
}

// ---- writing

io::IoCount FramedStream::write(std::span<const io::Slice> from) {
  if (shut_) return {io::IoCount::Status::kError, 0, EPIPE};
  if (!output_.empty()) {
    if (const io::IoCount flushed = flush_output(); !flushed.ok()) return flushed;
  }
  if (compressed_) return write_compressed(from);
  return write_plain(from);
}

void FramedStream::set_goodbye(std::uint16_t status, std::string_view text) {
  if (std::exchange(has_goodbye_, true)) return;
  goodbye_ = close_payload(status, text);
}

io::IoCount FramedStream::flush_output() {
  const io::Slice slice{output_.data(), output_.size()};
  const io::IoCount written = wire_->write({&slice, 1});
  if (!written.ok()) {
    if (written.status == io::IoCount::Status::kWouldBlock) watch_wire();
    return written;
  }
  output_.erase(0, written.bytes);
  const bool done = output_.empty();
  if (done) {
    if (output_.capacity() > limits_.output_kept) std::string().swap(output_);
    end_output();
  }
  watch_wire();
  return done ? written : kNothingNow;
}

void FramedStream::shutdown_write() {
  if (std::exchange(shut_, true)) return;
  if (open_) send_control(Opcode::kClose, goodbye_);
  if (output_.empty()) return end_output();
  flush_output();
}

// The last of the output is written: the wire may be told.
void FramedStream::end_output() {
  if (shut_ && !std::exchange(wire_shut_, true)) wire_->shutdown_write();
}

// ---- events

void FramedStream::watch(bool readable, bool writable) {
  want_readable_ = readable;
  want_writable_ = writable;
  watch_wire();
  const bool has_more = held_ != nullptr || !early_.empty() || (is_over() && !told_end_);
  if (has_more && want_readable_) loop_->schedule(*this);
}

void FramedStream::watch_wire() {
  if (!open_) return wire_->watch(true, !output_.empty());
  wire_->watch(want_readable_ && output_.size() <= kOutputMax, want_writable_ || !output_.empty());
}

void FramedStream::on_readable() {
  if (!open_) return on_opening_readable();
  if (want_readable_ && events_ != nullptr) events_->on_readable();
}

void FramedStream::on_writable() {
  if (!output_.empty()) {
    const io::IoCount flushed = flush_output();
    if (flushed.status == io::IoCount::Status::kWouldBlock) return;
    // A wire that broke is found by whoever reads or writes next.
    if (!flushed.ok()) output_.clear();
    watch_wire();
  }
  if (want_writable_ && events_ != nullptr) events_->on_writable();
}

void FramedStream::on_turn() {
  if (want_readable_) events_->on_readable();
}

}  // namespace midge::websocket
