// Reading and writing where permessage-deflate was agreed on.
#include <array>
#include <utility>

#include "websocket/close_status.h"
#include "websocket/frame_plan.h"
#include "websocket/framed_stream.h"

namespace midge::websocket {
namespace {

constexpr io::IoCount kNothingNow{io::IoCount::Status::kWouldBlock};
constexpr std::size_t kSlicesPerMessage = 128;

}  // namespace

io::IoCount FramedStream::read_compressed(std::span<char> into) {
  std::size_t filled = 0;
  if (const std::unique_ptr<Held> held = std::exchange(held_, nullptr)) {
    std::span<char> input(held->bytes);
    std::string_view part(held->bytes.data(), held->part);
    if (held->in_part && !inflate(part, held->ends, into, filled)) {
      // As before, with less of the part.
      held->bytes.erase(0, held->part - part.size());
      held->part = part.size();
      held_ = std::make_unique<Held>(std::move(*held));
    } else if (!is_over()) {
      unpack(input.subspan(held->part), into, filled);
    }
  } else {
    const std::span<char> raw = compression_.of(loop_->id()).raw();
    const io::IoCount got = read_wire(raw);
    if (!got.ok()) return got;
    unpack(raw.first(got.bytes), into, filled);
  }
  if (!output_.empty()) flush_output();
  if (held_ != nullptr || (is_over() && filled > 0)) loop_->schedule(*this);
  if (filled > 0) return {io::IoCount::Status::kOk, filled};
  return is_over() ? read_end() : kNothingNow;
}

void FramedStream::unpack(std::span<char> input, std::span<char> into, std::size_t& filled) {
  std::string_view rest(input.data(), input.size());
  const auto hold = [&](Held held) {
    held.bytes.append(rest);
    held_ = std::make_unique<Held>(std::move(held));
  };
  while (!is_over()) {
    // A plain payload is never larger than what it comes in.
    std::string_view some = rest.substr(0, into.size() - filled);
    if (some.empty() && !rest.empty()) return hold({});
    const std::size_t offered = some.size();
    const FrameDecoder::Step step = decoder_.next(some);
    rest.remove_prefix(offered - some.size());
    switch (step) {
      case FrameDecoder::Step::kNeedMore:
        if (rest.empty()) return;
        break;
      case FrameDecoder::Step::kControl:
        answer_control();
        break;
      case FrameDecoder::Step::kFault:
        fail(decoder_.fault(), kProtocolError);
        break;
      case FrameDecoder::Step::kPayload: {
        const FrameDecoder::Payload& payload = decoder_.payload();
        if (!payload.compressed) {
          copy_masked(into.data() + filled, payload.bytes.data(), payload.bytes.size(),
                      payload.mask);
          filled += payload.bytes.size();
          break;
        }
        char* at = input.data() + (payload.bytes.data() - input.data());
        copy_masked(at, at, payload.bytes.size(), payload.mask);
        std::string_view part = payload.bytes;
        const bool ends = payload.ends_message;
        if (inflate(part, ends, into, filled)) break;
        return hold(
            {.bytes = std::string(part), .part = part.size(), .in_part = true, .ends = ends});
      }
    }
  }
}

bool FramedStream::inflate(std::string_view& part, bool ends, std::span<char> into,
                           std::size_t& filled) {
  LoopCompression& shared = compression_.of(loop_->id());
  if (ends && !has_inflater()) {
    std::size_t size = 0;
    const auto outcome = shared.whole_inflater().inflate(part, into.subspan(filled), size);
    if (outcome == WholeInflater::Outcome::kDone) {
      if (size > limits_.message_max) fail("maximum payload exceeded", kMessageTooBig);
      filled += size;
      return true;
    }
    // The next time it has all of the room.
    if (outcome == WholeInflater::Outcome::kNoRoom && filled > 0) return false;
  }
  if (!has_inflater()) shared.lend(*this);
  const Inflater::Status status = inflater().inflate(part, ends, into, filled);
  if (status == Inflater::Status::kCorrupt)
    fail("corrupt compressed message", kInvalidData);
  else if (inflater().message_size() > limits_.message_max)
    fail("maximum payload exceeded", kMessageTooBig);
  if (status == Inflater::Status::kMessageDone || is_over()) shared.give_back(*this);
  return status != Inflater::Status::kFull || is_over();
}

void FramedStream::on_inflater_lost() {
  held_ = nullptr;
  fail("no memory for compressed messages that come in parts", kTryAgainLater);
  if (want_readable_) loop_->schedule(*this);
}

io::IoCount FramedStream::write_compressed(std::span<const io::Slice> from) {
  Deflater& deflater = compression_.of(loop_->id()).deflater();
  std::size_t taken = 0;
  for (FramePlan::Cursor at{from}; !at.done();) {
    std::array<io::Slice, kSlicesPerMessage> slices;
    std::size_t size = 0;
    const std::size_t count = at.take(Deflater::kInputMax, slices, size);
    const std::span<const io::Slice> part(slices.data(), count);
    std::string_view message;
    if (size > Deflater::kInputMin) message = deflater.compress(part, size);
    const io::IoCount written = message.empty() ? write_plain(part) : write_message(message, size);
    if (!written.ok()) {
      if (taken > 0 && written.status == io::IoCount::Status::kWouldBlock) break;
      return written;
    }
    taken += written.bytes;
    if (written.bytes < size || !output_.empty()) break;
  }
  return {io::IoCount::Status::kOk, taken};
}

}  // namespace midge::websocket
