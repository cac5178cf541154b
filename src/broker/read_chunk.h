// The buffers a loop reads into. While nobody kept a reference to the last bytes read, the next
// read reuses the same memory, which stays warm in the cache; otherwise another of a few buffers
// serves.
//
// Grows from 64 KiB to 512 KiB while reads fill it, and shrinks when they do not.
// Thread: the loop's.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "base/bytes.h"

namespace midge::broker {

class ReadChunk {
 public:
  static constexpr std::size_t kSmallest = 64 * 1024;
  static constexpr std::size_t kLargest = 512 * 1024;

  // Room to read into.
  std::span<char> room() {
    if (!usable(block_)) {
      // Others still hold the last bytes, on this loop or on another: they come back before long.
      spares_[next_spare_] = std::exchange(block_, SharedBytes());
      next_spare_ = (next_spare_ + 1) % spares_.size();
      const auto spare =
          std::ranges::find_if(spares_, [this](const SharedBytes& b) { return usable(b); });
      block_ = spare != spares_.end() ? std::exchange(*spare, SharedBytes())
                                      : SharedBytes::allocate(wanted_);
    }
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

 private:
  [[nodiscard]] bool usable(const SharedBytes& block) const {
    return block.unique() && block.capacity() == wanted_;
  }

  SharedBytes block_;
  std::array<SharedBytes, 8> spares_;
  std::size_t next_spare_ = 0;
  std::size_t wanted_ = kSmallest;
  unsigned lean_reads_ = 0;
};

}  // namespace midge::broker
