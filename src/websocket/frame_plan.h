// Slices of bytes made into frames: heads of their own between slices of the caller's, ready for
// one write. Nothing is copied but what take() is told to keep.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string>

#include "io/stream.h"
#include "websocket/frame.h"

namespace midge::websocket {

class FramePlan {
 public:
  static constexpr std::size_t kFrame = 64 * 1024;
  static constexpr std::size_t kBrowserFrame = 4096;  // nats-server's: browsers do better so
  static constexpr std::size_t kFramesMax = 16;       // of one plan

  // How far the caller's slices are planned.
  struct Cursor {
    std::span<const io::Slice> slices;
    std::size_t offset = 0;  // in the first of them
    [[nodiscard]] bool done() const { return slices.empty(); }
    [[nodiscard]] std::size_t left() const;
    // Takes at most `max` bytes, and as many slices as there is room for; returns how many slices,
    // and adds to `bytes`.
    std::size_t take(std::size_t max, std::span<io::Slice> room, std::size_t& bytes);
  };

  // Frames hold at most `frame_max` bytes.
  explicit FramePlan(std::size_t frame_max) : frame_max_(frame_max) {}
  // They are one message, compressed.
  void compress(bool whole) {
    compressed_ = true;
    if (whole) frame_max_ = static_cast<std::size_t>(-1);
  }

  // Plans as much as there is room for, from the beginning; moves the cursor behind it.
  void fill(Cursor& from);
  [[nodiscard]] std::span<const io::Slice> slices() const { return {slices_.data(), count_}; }
  // With heads.
  [[nodiscard]] std::size_t size() const { return size_; }
  // The wire took `bytes`, more than none. What is left of a frame it began, or of a compressed
  // message, is copied to `rest`.
  // Returns how many of the caller's bytes are taken so.
  std::size_t take(std::size_t bytes, std::string& rest) const;

 private:
  struct Frame {
    FrameHead head;
    std::size_t first;  // its head's slice
    std::size_t end;    // behind its last slice
    std::size_t payload;
  };
  static constexpr std::size_t kSlicesMax = 160;

  std::size_t frame_max_;
  bool compressed_ = false;
  std::array<Frame, kFramesMax> frames_;
  std::array<io::Slice, kSlicesMax> slices_;
  std::size_t frames_count_ = 0;
  std::size_t count_ = 0;
  std::size_t size_ = 0;
};

}  // namespace midge::websocket
