// Bytes that are appended and then read: a vector whose room is not filled with zeros first.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>

namespace midge::broker {

class RawBuffer {
 public:
  // Room for `capacity` bytes at the first append.
  explicit RawBuffer(std::size_t capacity) : wanted_(capacity) {}

  // `size` bytes to be filled by the caller. Valid until the next call.
  char* extend(std::size_t size) {
    if (capacity_ - size_ < size) [[unlikely]]
      grow(size);
    char* const at = bytes_.get() + size_;
    size_ += size;
    return at;
  }
  [[nodiscard]] const char* data() const { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  void grow(std::size_t size) {
    capacity_ = std::max({size_ + size, capacity_ * 2, wanted_});
    auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
    if (size_ > 0) std::memcpy(larger.get(), bytes_.get(), size_);
    bytes_ = std::move(larger);
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t wanted_;
};

}  // namespace midge::broker
