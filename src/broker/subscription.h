// One subscription of a client, as its loop keeps it. 64 bytes, one cache line.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "broker/fwd.h"
#include "subject/interest_index.h"

namespace midge::broker {

// A subscription's id as the client wrote it: nearly always a few digits, kept in place; longer
// ones live on the heap.
class Sid {
 public:
  static constexpr std::size_t kInline = 15;

  Sid() = default;
  explicit Sid(std::string_view text) {
    if (text.size() <= kInline) {
      std::memcpy(bytes_, text.data(), text.size());
      bytes_[kInline] = static_cast<char>(text.size());
    } else {
      Heap heap{new char[text.size()], static_cast<std::uint32_t>(text.size())};
      std::memcpy(heap.data, text.data(), text.size());
      std::memcpy(bytes_, &heap, sizeof heap);
      bytes_[kInline] = kOnHeap;
    }
  }
  Sid(Sid&& other) noexcept { take(other); }
  Sid& operator=(Sid&& other) noexcept {
    if (this != &other) {
      release();
      take(other);
    }
    return *this;
  }
  ~Sid() { release(); }

  // Appends the text to `to` and returns the end. Short sids are copied as one vector, so kPadding
  // bytes of room are needed.
  [[nodiscard]] char* write(char* to) const {
    if (bytes_[kInline] != kOnHeap) [[likely]] {
      std::memcpy(to, bytes_, sizeof bytes_);
      return to + bytes_[kInline];
    }
    const Heap heap = on_heap();
    std::memcpy(to, heap.data, heap.size);
    return to + heap.size;
  }
  [[nodiscard]] std::size_t size() const {
    return bytes_[kInline] != kOnHeap ? static_cast<std::size_t>(bytes_[kInline]) : on_heap().size;
  }
  [[nodiscard]] std::string_view text() const {
    if (bytes_[kInline] != kOnHeap) [[likely]]
      return {bytes_, static_cast<std::size_t>(bytes_[kInline])};
    const Heap heap = on_heap();
    return {heap.data, heap.size};
  }

 private:
  static constexpr char kOnHeap = 0x7f;
  struct __attribute__((packed)) Heap {
    char* data;
    std::uint32_t size;
  };
  [[nodiscard]] Heap on_heap() const {
    Heap heap;
    std::memcpy(&heap, bytes_, sizeof heap);
    return heap;
  }
  void release() {
    if (bytes_[kInline] == kOnHeap) delete[] on_heap().data;
    bytes_[kInline] = 0;
  }
  void take(Sid& other) {
    std::memcpy(bytes_, other.bytes_, sizeof bytes_);
    other.bytes_[kInline] = 0;
  }
  char bytes_[16] = {};
};

struct Subscription {
  Client* client = nullptr;  // null = the slot is free
  subject::Registration registration;
  std::uint64_t delivered = 0;
  union {
    std::uint64_t max = 0;       // 0 = no automatic unsubscribe
    InternalReceiver* receiver;  // of the server's own ones
  };
  std::uint32_t generation = 0;  // of the slot
  std::uint32_t slot = 0;
  Sid sid;
};
static_assert(sizeof(Subscription) == 64);

}  // namespace midge::broker
