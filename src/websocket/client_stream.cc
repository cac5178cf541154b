#include "websocket/client_stream.h"

#include <array>
#include <bit>
#include <utility>

#include "websocket/close_status.h"
#include "websocket/frame_plan.h"

namespace midge::websocket {
namespace {

constexpr std::size_t kSlicesPerFrame = 64;
// One call of write() takes no more: it is copied.
constexpr std::size_t kOutputPerWrite = 128 * 1024;

}  // namespace

ClientStream::ClientStream(std::unique_ptr<io::Stream> wire, ClientTerms terms,
                           Compression& compression, io::Entropy& entropy)
    : FramedStream(std::move(wire), compression,
                   // NATS' frames have limits of their own, and are inflated as they are read.
                   {.message_max = static_cast<std::size_t>(-1), .output_kept = kOutputPerWrite}),
      terms_(std::move(terms)),
      entropy_(entropy) {}

// ---- opening

void ClientStream::open(io::Loop& loop, io::WebSocketEvents& events) {
  opening_ = &events;
  bind(loop);
  if (io::SecureStream* secure = wire().secure()) return secure->start_handshake(*this);
  ask();
}

void ClientStream::on_secured() { ask(); }

void ClientStream::on_handshake_failed(const io::HandshakeFailure& failure) {
  refuse(failure.text);
}

void ClientStream::ask() {
  key_ = draw_key(entropy_);
  asked_ = true;
  send_opening(upgrade_request(terms_, key_));
  watch_wire();
}

std::string_view ClientStream::fault() const {
  if (opening_ == nullptr) return FramedStream::fault();
  return asked_ ? "the server does not open the web socket" : "";
}

void ClientStream::on_opening_readable() {
  if (opening_ == nullptr) return;
  std::array<char, 4096> chunk;
  const io::IoCount got = wire().read(chunk);
  if (got.status == io::IoCount::Status::kWouldBlock) return;
  if (!got.ok()) return refuse("the server closed the connection");
  answer_.append(chunk.data(), got.bytes);
  judge();
}

void ClientStream::judge() {
  AnswerHead head;
  switch (parse_answer_head(answer_, head)) {
    case HeadStatus::kWhole:
      break;
    case HeadStatus::kNeedMore:
      return;
    default:
      return refuse("the server does not answer as web sockets do");
  }
  const Result<ClientUpgrade> upgrade = judge_answer(head, terms_, key_);
  if (!upgrade) return refuse(upgrade.error().text());
  set_open(FrameDecoder::Masking::kRefused, upgrade->compressed,
           std::string_view(answer_).substr(head.size));
  answer_ = std::string();
  std::exchange(opening_, nullptr)->on_opened();
}

void ClientStream::refuse(std::string_view why) {
  io::WebSocketEvents& events = *std::exchange(opening_, nullptr);
  wire().watch(false, false);
  events.on_refused(why);
  events.on_gone();
}

// ---- frames

io::IoCount ClientStream::write_plain(std::span<const io::Slice> from) {
  std::size_t taken = 0;
  for (FramePlan::Cursor at{from}; !at.done() && taken < kOutputPerWrite;) {
    std::array<io::Slice, kSlicesPerFrame> slices;
    std::size_t size = 0;
    const std::size_t count = at.take(FramePlan::kFrame, slices, size);
    append_frame(FrameHead(Opcode::kBinary, size), {slices.data(), count});
    taken += size;
  }
  const io::IoCount flushed = flush_output();
  if (flushed.status == io::IoCount::Status::kError) return flushed;
  return {io::IoCount::Status::kOk, taken};
}

io::IoCount ClientStream::write_message(std::string_view message, std::size_t size) {
  const io::Slice slice{message.data(), message.size()};
  append_frame(FrameHead(Opcode::kBinary, message.size(), true, true), {&slice, 1});
  const io::IoCount flushed = flush_output();
  if (flushed.status == io::IoCount::Status::kError) return flushed;
  return {io::IoCount::Status::kOk, size};
}

void ClientStream::send_control(Opcode opcode, std::string_view payload) {
  const io::Slice slice{payload.data(), payload.size()};
  append_frame(FrameHead(opcode, payload.size()), {&slice, 1});
}

void ClientStream::append_frame(const FrameHead& head, std::span<const io::Slice> payload) {
  const Mask mask =
      std::bit_cast<std::array<Mask, 2>>(entropy_.next())[0];  // unpredictable, as §5.3 wants it
  std::string& into = output();
  into.append(head.data(), head.size());
  char& second = into[into.size() - head.size() + 1];
  second = static_cast<char>(static_cast<std::uint8_t>(second) | kMaskBit);
  into.append(reinterpret_cast<const char*>(mask.data()), mask.size());
  std::size_t done = 0;
  for (const io::Slice& slice : payload) {
    const std::size_t at = into.size();
    // GCC 12 tells of the capacity instead of the size.
    into.resize_and_overwrite(at + slice.size, [&](char* bytes, std::size_t) {
      copy_masked(bytes + at, slice.data, slice.size, rotated(mask, done));
      return at + slice.size;
    });
    done += slice.size;
  }
}

std::string ClientStream::goodbye_fault(std::string_view payload) const {
  return "the server closed the web socket" + close_text(payload);
}

}  // namespace midge::websocket
