#include "store/subjects/slots.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace midge::store {

// Classes 0 … 15 are 8, 16 … 128 bytes; behind them come eight to each doubling.
std::size_t Slots::class_of(std::size_t bytes) {
  const std::size_t units = (bytes + 7) / 8;
  if (units <= 16) return units == 0 ? 0 : units - 1;
  const auto doubling = static_cast<unsigned>(std::bit_width(units - 1)) - 1;  // units > 2^doubling
  const std::size_t step = std::size_t{1} << (doubling - 3);
  const std::size_t eighth = (units - (std::size_t{1} << doubling) + step - 1) / step;
  return 16 + (doubling - 4) * 8 + eighth - 1;
}

std::size_t Slots::class_bytes(std::size_t size_class) {
  if (size_class < 16) return (size_class + 1) * 8;
  const std::size_t doubling = (size_class - 16) / 8 + 4;
  const std::size_t eighth = (size_class - 16) % 8 + 1;
  return ((std::size_t{1} << doubling) + (eighth << (doubling - 3))) * 8;
}

bool Slots::same_size(std::size_t bytes, std::size_t others) {
  return class_of(bytes) == class_of(others);
}

Slots::Slots() : memory_(1, nullptr), chunks_(1) {}

Slots::~Slots() {
  for (char* memory : memory_) std::free(memory);
  for (char* memory : cleared_) std::free(memory);
}

bool Slots::has_room(const Chunk& chunk) {
  if (chunk.freed != kNoSlot) return true;
  return chunk.fresh * 8 + class_bytes(chunk.size_class) <= chunk.bytes;
}

void Slots::link(std::uint32_t number) {
  Class& size_class = classes_[chunks_[number].size_class];
  chunks_[number].previous = kNone;
  chunks_[number].next = size_class.with_room;
  if (size_class.with_room != kNone) chunks_[size_class.with_room].previous = number;
  size_class.with_room = number;
}

void Slots::unlink(std::uint32_t number) {
  const Chunk& chunk = chunks_[number];
  if (chunk.next != kNone) chunks_[chunk.next].previous = chunk.previous;
  if (chunk.previous != kNone)
    chunks_[chunk.previous].next = chunk.next;
  else
    classes_[chunk.size_class].with_room = chunk.next;
}

std::uint32_t Slots::make_chunk(std::size_t size_class) {
  const std::size_t slot = class_bytes(size_class);
  const std::size_t slots = std::min<std::size_t>(classes_[size_class].slots_next,
                                                  std::max<std::size_t>(kChunkMax / slot, 1));
  classes_[size_class].slots_next = static_cast<std::uint32_t>(slots * 2);

  std::uint32_t number;
  if (free_numbers_.empty()) {
    number = static_cast<std::uint32_t>(chunks_.size());
    ENSURE(number < kRefLimit >> kOffsetBits, "a tree of subjects is limited to 16 GiB");
    chunks_.emplace_back();
    memory_.push_back(nullptr);
  } else {
    number = free_numbers_.back();
    free_numbers_.pop_back();
  }
  Chunk& chunk = chunks_[number];
  chunk = Chunk{};
  chunk.bytes = static_cast<std::uint32_t>(slots * slot);
  chunk.size_class = static_cast<std::uint32_t>(size_class);
  memory_[number] = static_cast<char*>(std::malloc(chunk.bytes));
  if (memory_[number] == nullptr) std::abort();  // as operator new would
  bytes_ += chunk.bytes;
  link(number);
  return number;
}

void Slots::drop_chunk(std::uint32_t number) {
  unlink(number);
  std::free(std::exchange(memory_[number], nullptr));
  bytes_ -= chunks_[number].bytes;
  free_numbers_.push_back(number);
}

Slots::Ref Slots::allocate(std::size_t bytes) {
  DCHECK(bytes <= kSlotMax, "a slot is larger than the largest");
  if (!cleared_.empty()) sweep(1);
  const std::size_t size_class = class_of(bytes);
  std::uint32_t number = classes_[size_class].with_room;
  if (number == kNone) number = make_chunk(size_class);
  Chunk& chunk = chunks_[number];
  std::uint32_t offset;
  if (chunk.freed != kNoSlot) {
    offset = chunk.freed;
    std::memcpy(&chunk.freed, memory_[number] + std::size_t{offset} * 8, sizeof chunk.freed);
  } else {
    offset = chunk.fresh;
    chunk.fresh += static_cast<std::uint32_t>(class_bytes(size_class) / 8);
  }
  ++chunk.used;
  if (!has_room(chunk)) unlink(number);
  return number << kOffsetBits | offset;
}

void Slots::free(Ref ref) {
  const std::uint32_t number = ref >> kOffsetBits;
  Chunk& chunk = chunks_[number];
  const bool had_room = has_room(chunk);
  std::memcpy(at(ref), &chunk.freed, sizeof chunk.freed);
  chunk.freed = ref & kOffsetMask;
  --chunk.used;
  if (!had_room) link(number);
  // The last one with room is kept, so that a slot that comes and goes costs no chunk each time.
  const bool is_last = chunk.next == kNone && chunk.previous == kNone;
  if (chunk.used == 0 && !is_last) drop_chunk(number);
}

void Slots::clear() {
  if (cleared_.empty()) {
    cleared_.swap(memory_);
    cleared_chunks_.swap(chunks_);
  } else {
    cleared_.insert(cleared_.end(), memory_.begin(), memory_.end());
    cleared_chunks_.insert(cleared_chunks_.end(), chunks_.begin(), chunks_.end());
  }
  memory_.assign(1, nullptr);
  chunks_.assign(1, Chunk{});
  free_numbers_.clear();
  classes_.fill(Class{});
}

bool Slots::sweep(std::size_t chunks) {
  for (; chunks > 0 && !cleared_.empty(); --chunks) {
    if (cleared_.back() != nullptr) bytes_ -= cleared_chunks_.back().bytes;
    std::free(cleared_.back());
    cleared_.pop_back();
    cleared_chunks_.pop_back();
  }
  return !cleared_.empty();
}

std::size_t Slots::memory() const {
  return bytes_ + (memory_.capacity() + cleared_.capacity()) * sizeof(char*) +
         (chunks_.capacity() + cleared_chunks_.capacity()) * sizeof(Chunk) +
         free_numbers_.capacity() * sizeof(std::uint32_t);
}

}  // namespace midge::store
