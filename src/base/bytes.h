// Counted byte buffers: the one thing that loops share besides the interest index.
//
// SharedBytes is a reference to an immutable-once-shared block. Counting is atomic, so a reference
// may be moved or copied to another loop; whoever wrote the bytes must have stopped before it
// shares them.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string_view>
#include <utility>

namespace midge {

class SharedBytes {
 public:
  SharedBytes() = default;
  // A new block of `capacity` bytes, not initialised.
  static SharedBytes allocate(std::size_t capacity);

  SharedBytes(const SharedBytes& other) : block_(other.block_) {
    if (block_ != nullptr) block_->references.fetch_add(1, std::memory_order_relaxed);
  }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() { release(); }

  explicit operator bool() const { return block_ != nullptr; }
  [[nodiscard]] char* data() const { return reinterpret_cast<char*>(block_ + 1); }
  [[nodiscard]] std::size_t capacity() const { return block_ == nullptr ? 0 : block_->capacity; }
  // True if nobody else holds the block: its bytes may be written again.
  [[nodiscard]] bool unique() const {
    return block_ != nullptr && block_->references.load(std::memory_order_acquire) == 1;
  }

 private:
  struct Block {
    std::atomic<std::uint32_t> references;
    std::size_t capacity;
  };
  void release() noexcept {
    if (block_ != nullptr && block_->references.fetch_sub(1, std::memory_order_acq_rel) == 1)
      std::free(block_);
    block_ = nullptr;
  }
  Block* block_ = nullptr;
};

inline SharedBytes SharedBytes::allocate(std::size_t capacity) {
  void* memory = std::malloc(sizeof(Block) + capacity);
  if (memory == nullptr) std::abort();  // no memory for a read: there is nothing to go on with
  SharedBytes bytes;
  bytes.block_ = new (memory) Block{{1}, capacity};
  return bytes;
}

}  // namespace midge
