// The buffer a loop reads into. While nobody kept a reference to the last bytes read, the next read
// reuses the same memory, which stays warm in the cache.
//
// Grows from 64 KiB to 512 KiB while reads fill it, and shrinks when they do not.
// Thread: the loop's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>

#include "base/bytes.h"

namespace midge::broker {

class ReadChunk {
 public:
  static constexpr std::size_t kSmallest = 64 * 1024;
  static constexpr std::size_t kLargest = 512 * 1024;

  // Room to read into.
  std::span<char> room() {
    if (!block_.unique() || block_.capacity() != wanted_) block_ = SharedBytes::allocate(wanted_);
    return {block_.data(), block_.capacity()};
  }
  // Tells how much of the room was used.
  void filled(std::size_t bytes) {
    if (bytes == wanted_) {
      wanted_ = std::min(wanted_ * 2, kLargest);
      lean_reads_ = 0;
    } else if (wanted_ > kSmallest && bytes < wanted_ / 4 && ++lean_reads_ > 64) {
      wanted_ /= 2;
      lean_reads_ = 0;
    }
  }
  [[nodiscard]] const SharedBytes& block() const { return block_; }
  // An idle loop holds no chunk.
  void release() { block_ = SharedBytes(); }

 private:
  SharedBytes block_;
  std::size_t wanted_ = kSmallest;
  unsigned lean_reads_ = 0;
};

}  // namespace midge::broker
