#include "websocket/frame_plan.h"

namespace midge::websocket {

std::size_t FramePlan::Cursor::left() const {
  std::size_t bytes = 0;
  for (const io::Slice& slice : slices) bytes += slice.size;
  return bytes - offset;
}

std::size_t FramePlan::Cursor::take(std::size_t max, std::span<io::Slice> room,
                                    std::size_t& bytes) {
  std::size_t count = 0;
  while (!slices.empty()) {
    const io::Slice& slice = slices.front();
    const std::size_t part = std::min(max, slice.size - offset);
    if (part > 0) {
      if (count == room.size()) break;
      room[count++] = {slice.data + offset, part};
      bytes += part;
      max -= part;
      offset += part;
    }
    if (offset < slice.size) break;
    slices = slices.subspan(1);
    offset = 0;
  }
  return count;
}

void FramePlan::fill(Cursor& from) {
  frames_count_ = count_ = size_ = 0;
  bool first = true;
  std::size_t left = from.left();
  // One slice for the head, and one for bytes.
  while (!from.done() && frames_count_ < kFramesMax && count_ + 2 <= kSlicesMax) {
    Frame& frame = frames_[frames_count_++];
    frame.first = count_++;
    frame.payload = 0;
    count_ += from.take(frame_max_, std::span(slices_).subspan(count_), frame.payload);
    frame.end = count_;
    left -= frame.payload;
    const bool begins = !compressed_ || first;
    frame.head = FrameHead(begins ? Opcode::kBinary : Opcode::kContinuation, frame.payload,
                           !compressed_ || left == 0, compressed_ && first);
    slices_[frame.first] = {frame.head.data(), frame.head.size()};
    size_ += frame.head.size() + frame.payload;
    first = false;
  }
}

std::size_t FramePlan::take(std::size_t bytes, std::string& rest) const {
  std::size_t taken = 0;
  // What is compressed can not be had in parts: all of the message is taken.
  for (std::size_t i = 0; i < frames_count_ && (bytes > 0 || compressed_); ++i) {
    const Frame& frame = frames_[i];
    const std::size_t size = frame.head.size() + frame.payload;
    taken += frame.payload;
    if (bytes >= size) {
      bytes -= size;
      continue;
    }
    rest.reserve(rest.size() + size - bytes);
    for (std::size_t at = frame.first; at < frame.end; ++at) {
      const io::Slice& slice = slices_[at];
      const std::size_t skipped = std::min(bytes, slice.size);
      bytes -= skipped;
      rest.append(slice.data + skipped, slice.size - skipped);
    }
  }
  return taken;
}

}  // namespace midge::websocket
