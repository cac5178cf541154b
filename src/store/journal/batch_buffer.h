// The bytes of one batch while it gathers: room for its head, then its records. Grows without
// setting what is overwritten anyway.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>

#include "store/journal/journal_format.h"

namespace midge::store {

class BatchBuffer {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }  // of the records
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }
  [[nodiscard]] std::string_view records() const { return {bytes_.get() + kBatchHeadSize, size_}; }
  // kBatchHeadSize bytes, and the records behind them. Not of an empty one.
  [[nodiscard]] char* head() { return bytes_.get(); }
  // Room for `count` bytes more.
  char* extend(std::size_t count) {
    if (size_ + count > capacity_) grow(size_ + count);
    char* const place = bytes_.get() + kBatchHeadSize + size_;
    size_ += count;
    return place;
  }
  void clear() { size_ = 0; }

 private:
  void grow(std::size_t needed) {
    const std::size_t capacity = std::max({needed, 2 * capacity_, std::size_t{4096}});
    auto bytes = std::make_unique_for_overwrite<char[]>(kBatchHeadSize + capacity);
    if (size_ > 0) std::memcpy(bytes.get() + kBatchHeadSize, records().data(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;
};

}  // namespace midge::store
