// A fixed array whose elements start as zero bytes, in memory that costs nothing before it is
// touched.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "base/check.h"

namespace midge::subject {

inline void* zeroed_memory(std::size_t size) {
  void* memory = std::calloc(1, size);
  ENSURE(memory != nullptr, "out of memory");
  return memory;
}

// The same, beginning at a cache line. `size` is a multiple of one.
inline void* zeroed_lines(std::size_t size) {
  void* memory = std::aligned_alloc(64, size);
  ENSURE(memory != nullptr, "out of memory");
  return std::memset(memory, 0, size);
}

// All zero must be a valid value of T.
template <class T>
class ZeroedArray {
 public:
  static_assert(std::is_trivially_destructible_v<T>);
  explicit ZeroedArray(std::size_t size)
      : size_(size), elements_(static_cast<T*>(zeroed_memory(size * sizeof(T)))) {}
  ~ZeroedArray() { std::free(elements_); }
  ZeroedArray(const ZeroedArray&) = delete;
  ZeroedArray& operator=(const ZeroedArray&) = delete;

  [[nodiscard]] std::size_t size() const { return size_; }
  T& operator[](std::size_t i) { return elements_[i]; }
  const T& operator[](std::size_t i) const { return elements_[i]; }

 private:
  std::size_t size_;
  T* elements_;
};

}  // namespace midge::subject
