// An ordered list of 64-bit entries that readers walk without a lock while one writer changes it.
//
// Entries are appended; what is removed leaves a gap, so order never changes under a reader. A list
// that is full, or mostly gaps, is copied into a new one and retired. Above kIndexedMin entries a
// hash index (the writer's alone) finds an entry's place, so that 100,000 removals stay cheap.
//
// One malloc'ed block: this header, the slots, the index. `Policy::hash(bits)` is the hash of an
// entry.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"

namespace midge::subject {

template <class Policy>
class alignas(8) SlotList {
 public:
  static constexpr std::uint64_t kGap = ~std::uint64_t{0};
  static constexpr std::uint32_t kNowhere = ~std::uint32_t{0};
  static constexpr std::uint32_t kCapacityMin = 4;
  static constexpr std::uint32_t kIndexedMin = 64;

  static SlotList* create(std::uint32_t capacity);
  // The live entries in order, with room for as many again.
  [[nodiscard]] SlotList* compacted() const;

  // Any thread.
  template <class Visit>
  void for_each(Visit visit) const {
    std::uint32_t size = size_.load(std::memory_order_acquire);
    for (std::uint32_t i = 0; i < size; ++i) {
      std::uint64_t bits = slots()[i].load(std::memory_order_acquire);
      if (bits != kGap) visit(bits);
    }
  }

  // The writer.
  [[nodiscard]] bool full() const { return size_.load(std::memory_order_relaxed) == capacity_; }
  [[nodiscard]] bool sparse() const { return capacity_ > kCapacityMin && live_ < capacity_ / 8; }
  [[nodiscard]] std::uint32_t live() const { return live_; }
  void append(std::uint64_t bits);
  // Where same(bits) holds among the entries of this hash, or kNowhere.
  template <class Same>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Same same) const;
  [[nodiscard]] std::uint64_t at(std::uint32_t place) const {
    return slots()[place].load(std::memory_order_relaxed);
  }
  void remove(std::uint32_t place) {
    slots()[place].store(kGap, std::memory_order_release);
    --live_;
  }

 private:
  using Slot = std::atomic<std::uint64_t>;

  explicit SlotList(std::uint32_t capacity) : capacity_(capacity) {}

  Slot* slots() { return reinterpret_cast<Slot*>(this + 1); }
  [[nodiscard]] const Slot* slots() const { return reinterpret_cast<const Slot*>(this + 1); }
  [[nodiscard]] bool indexed() const { return capacity_ >= kIndexedMin; }
  [[nodiscard]] std::uint32_t index_size() const { return capacity_ * 2; }
  std::uint32_t* index() { return reinterpret_cast<std::uint32_t*>(slots() + capacity_); }
  [[nodiscard]] const std::uint32_t* index() const {
    return reinterpret_cast<const std::uint32_t*>(slots() + capacity_);
  }

  const std::uint32_t capacity_;  // a power of two
  std::atomic<std::uint32_t> size_{0};
  std::uint32_t live_ = 0;
};

template <class Policy>
SlotList<Policy>* SlotList<Policy>::create(std::uint32_t capacity) {
  bool indexed = capacity >= kIndexedMin;
  std::size_t index_bytes = indexed ? std::size_t{capacity} * 2 * sizeof(std::uint32_t) : 0;
  void* memory = std::malloc(sizeof(SlotList) + capacity * sizeof(Slot) + index_bytes);
  ENSURE(memory != nullptr, "out of memory");
  auto* list = new (memory) SlotList(capacity);
  if (indexed) std::memset(list->index(), 0xff, index_bytes);
  return list;
}

template <class Policy>
SlotList<Policy>* SlotList<Policy>::compacted() const {
  std::uint32_t capacity = kCapacityMin;
  while (capacity < live_ * std::uint64_t{2}) {
    ENSURE(capacity < 1U << 30, "a list outgrew its index");
    capacity *= 2;
  }
  SlotList* copy = create(capacity);
  for_each([copy](std::uint64_t bits) { copy->append(bits); });
  return copy;
}

template <class Policy>
void SlotList<Policy>::append(std::uint64_t bits) {
  std::uint32_t place = size_.load(std::memory_order_relaxed);
  DCHECK(place < capacity_, "appending to a full list");
  if (indexed()) {
    std::uint32_t mask = index_size() - 1;
    std::uint32_t i = static_cast<std::uint32_t>(Policy::hash(bits)) & mask;
    while (index()[i] != kNowhere) i = (i + 1) & mask;
    index()[i] = place;
  }
  slots()[place].store(bits, std::memory_order_relaxed);
  size_.store(place + 1, std::memory_order_release);
  ++live_;
}

// A gap keeps its place in the index, so that searches go on past it.
template <class Policy>
template <class Same>
std::uint32_t SlotList<Policy>::find(std::uint64_t hash, Same same) const {
  auto hit = [&](std::uint32_t place) { return at(place) != kGap && same(at(place)); };
  if (!indexed()) {
    std::uint32_t size = size_.load(std::memory_order_relaxed);
    for (std::uint32_t i = 0; i < size; ++i)
      if (hit(i)) return i;
    return kNowhere;
  }
  std::uint32_t mask = index_size() - 1;
  std::uint32_t i = static_cast<std::uint32_t>(hash) & mask;
  while (index()[i] != kNowhere && !hit(index()[i])) i = (i + 1) & mask;
  return index()[i];
}

}  // namespace midge::subject
