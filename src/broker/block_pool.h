// Blocks of memory that outboxes fill and give back, per loop: a fan-out to a thousand clients
// reuses the same warm blocks tick after tick, and an idle client holds none.
#pragma once

#include <cstddef>
#include <vector>

#include "base/bytes.h"

namespace midge::broker {

class BlockPool {
 public:
  static constexpr std::size_t kSmall = 4 * 1024 - 32;  // with malloc's and our head: one page
  static constexpr std::size_t kLarge = 64 * 1024 - 32;

  // A block of kSmall or kLarge bytes that nobody else holds, or a bigger one if `at_least` asks.
  SharedBytes take(std::size_t at_least) {
    if (at_least > kLarge) return SharedBytes::allocate(at_least);
    auto& free = at_least > kSmall ? large_ : small_;
    if (free.empty()) return SharedBytes::allocate(at_least > kSmall ? kLarge : kSmall);
    SharedBytes block = std::move(free.back());
    free.pop_back();
    return block;
  }

  // Keeps the block for later if it is one of ours, nobody else holds it, and few are kept.
  void give_back(SharedBytes block) {
    if (!block.unique()) return;
    if (block.capacity() == kSmall && small_.size() < kSmallMax) {
      small_.push_back(std::move(block));
    } else if (block.capacity() == kLarge && large_.size() < kLargeMax) {
      large_.push_back(std::move(block));
    }
  }

  // Those that are kept go.
  void clear() {
    small_ = {};
    large_ = {};
  }

 private:
  static constexpr std::size_t kSmallMax = 2048;  // 8 MiB
  static constexpr std::size_t kLargeMax = 64;    // 4 MiB
  std::vector<SharedBytes> small_;
  std::vector<SharedBytes> large_;
};

}  // namespace midge::broker
