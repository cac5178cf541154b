#include "websocket/frame_decoder.h"

#include <algorithm>
#include <utility>

namespace midge::websocket {

FrameDecoder::Step FrameDecoder::next(std::string_view& input) {
  if (!fault_.empty()) return Step::kFault;
  if (!in_frame_) {
    if (const Step step = take_head(input); step != Step::kPayload) return step;
  }
  return is_control(opcode_) ? take_control(input) : take_payload(input);
}

FrameDecoder::Step FrameDecoder::take_head(std::string_view& input) {
  while (!input.empty()) {
    head_[head_filled_++] = static_cast<std::uint8_t>(input.front());
    input.remove_prefix(1);
    if (head_filled_ == 1) {
      if (std::string text = check_first(); !text.empty()) return fail(std::move(text));
    } else if (head_filled_ == 2) {
      if (std::string text = check_second(); !text.empty()) return fail(std::move(text));
    }
    if (head_filled_ >= 2 && head_filled_ == head_size()) return read_head();
  }
  return Step::kNeedMore;
}

std::size_t FrameDecoder::head_size() const {
  const unsigned length = head_[1] & 0x7FU;
  const std::size_t lengths_bytes = length == 126 ? 2 : length == 127 ? 8 : 0;
  return 2 + lengths_bytes + ((head_[1] & kMaskBit) != 0 ? 4 : 0);
}

std::string FrameDecoder::check_first() const {
  if ((head_[0] & kReservedBits) != 0) return "RSV2 and RSV3 must be clear";
  if ((head_[0] & kCompressedBit) != 0 && !compression_)
    return "compressed frame received without negotiated permessage-deflate";
  return "";
}

std::string FrameDecoder::check_second() const {
  const auto opcode = static_cast<Opcode>(head_[0] & 0xF);
  const bool final = (head_[0] & kFinalBit) != 0;
  const bool compressed = (head_[0] & kCompressedBit) != 0;
  const bool masked = (head_[1] & kMaskBit) != 0;
  if (masking_ == Masking::kRequired && !masked) return "mask bit missing";
  if (masking_ == Masking::kRefused && masked) return "a server's frame must not be masked";
  switch (opcode) {
    case Opcode::kPing:
    case Opcode::kPong:
    case Opcode::kClose:
      if ((head_[1] & 0x7F) > kControlPayloadMax)
        return "control frame length bigger than maximum allowed of 125 bytes";
      if (!final) return "control frame does not have final bit set";
      return compressed ? "control frame must not be compressed" : "";
    case Opcode::kText:
    case Opcode::kBinary:
      return in_message_
                 ? "new message started before final frame for previous message was received"
                 : "";
    case Opcode::kContinuation:
      return !in_message_ || compressed ? "invalid continuation frame" : "";
  }
  return "unknown opcode " + std::to_string(static_cast<unsigned>(opcode));
}

FrameDecoder::Step FrameDecoder::read_head() {
  head_filled_ = 0;
  opcode_ = static_cast<Opcode>(head_[0] & 0xF);
  left_ = head_[1] & 0x7FU;
  std::size_t at = 2;
  if (left_ >= 126) {
    const std::size_t end = at + (left_ == 126 ? 2 : 8);
    left_ = 0;
    for (; at < end; ++at) left_ = left_ << 8 | head_[at];
    if (left_ >> 63 != 0) return fail("invalid 64-bit payload length");
  }
  has_mask_ = (head_[1] & kMaskBit) != 0;
  mask_ = {};
  if (has_mask_) std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(at), 4, mask_.begin());
  in_frame_ = true;
  if (is_control(opcode_)) {
    control_.clear();
    return Step::kPayload;
  }
  final_ = (head_[0] & kFinalBit) != 0;
  in_message_ = !final_;
  if (opcode_ != Opcode::kContinuation) compressed_ = (head_[0] & kCompressedBit) != 0;
  return Step::kPayload;
}

FrameDecoder::Step FrameDecoder::take_control(std::string_view& input) {
  const std::size_t part = std::min<std::uint64_t>(left_, input.size());
  const std::size_t before = control_.size();
  control_.resize(before + part);
  copy_masked(control_.data() + before, input.data(), part, rotated(mask_, before));
  input.remove_prefix(part);
  left_ -= part;
  if (left_ > 0) return Step::kNeedMore;
  in_frame_ = false;
  return Step::kControl;
}

FrameDecoder::Step FrameDecoder::take_payload(std::string_view& input) {
  // An empty frame is told of, too: it may end its message.
  if (input.empty() && left_ > 0) return Step::kNeedMore;
  const std::size_t part = std::min<std::uint64_t>(left_, input.size());
  left_ -= part;
  payload_ = {input.substr(0, part), mask_, compressed_, final_ && left_ == 0};
  input.remove_prefix(part);
  mask_ = rotated(mask_, part);
  if (left_ == 0) in_frame_ = false;
  return Step::kPayload;
}

FrameDecoder::Step FrameDecoder::fail(std::string text) {
  fault_ = std::move(text);
  return Step::kFault;
}

}  // namespace midge::websocket
