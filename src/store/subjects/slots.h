// Memory of one tree, in slots that are named by 31 bits instead of 64.
//
// Slots of one size share chunks; a size's chunks begin small, for streams of few subjects, and
// double up to 256 KiB. Chunks never move, so a pointer to a slot is good until the slot is freed.
// Growing costs one chunk; nothing is ever copied but a table of one pointer a chunk.
//
// Thread: its owner's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace midge::store {

class Slots {
 public:
  using Ref = std::uint32_t;  // 0 = none; below kRefLimit
  static constexpr Ref kRefLimit = Ref{1} << 31;

  Slots();
  ~Slots();
  Slots(const Slots&) = delete;
  Slots& operator=(const Slots&) = delete;

  // At least `bytes` (at most kSlotMax), at a multiple of 8, not initialised.
  Ref allocate(std::size_t bytes);
  void free(Ref ref);
  [[nodiscard]] char* at(Ref ref) const {
    return memory_[ref >> kOffsetBits] + static_cast<std::size_t>(ref & kOffsetMask) * 8;
  }
  // Whether a slot made for the one is as large as one made for the other.
  [[nodiscard]] static bool same_size(std::size_t bytes, std::size_t others);

  // Frees everything, a chunk with each later allocate() or sweep(): unmapping all of a large tree
  // at once takes tens of milliseconds.
  void clear();
  // Frees up to this many of the chunks that clear() left; false when none is left.
  bool sweep(std::size_t chunks);
  // Bytes held, the cleared ones included.
  [[nodiscard]] std::size_t memory() const;

  static constexpr std::size_t kSlotMax = std::size_t{128} << 10;

 private:
  static constexpr unsigned kOffsetBits = 15;  // a chunk is up to 2^15 units of 8 bytes
  static constexpr Ref kOffsetMask = (Ref{1} << kOffsetBits) - 1;
  static constexpr std::size_t kChunkMax = std::size_t{8} << kOffsetBits;
  static constexpr std::size_t kClasses = 96;
  static constexpr std::uint32_t kNone = 0;  // chunk 0 does not exist

  struct Chunk {
    std::uint32_t bytes = 0;
    std::uint32_t used = 0;         // slots given out
    std::uint32_t fresh = 0;        // offset in units of the first slot never given out
    std::uint32_t freed = kNoSlot;  // the list of slots that were given back, as offsets in units
    std::uint32_t next = kNone;     // chunks of the class with room
    std::uint32_t previous = kNone;
    std::uint32_t size_class = 0;
  };
  static constexpr std::uint32_t kNoSlot = ~std::uint32_t{0};
  struct Class {
    std::uint32_t with_room = kNone;
    std::uint32_t slots_next = 4;  // in the next chunk
  };

  static std::size_t class_of(std::size_t bytes);
  static std::size_t class_bytes(std::size_t size_class);
  [[nodiscard]] static bool has_room(const Chunk& chunk);
  std::uint32_t make_chunk(std::size_t size_class);
  void drop_chunk(std::uint32_t number);
  void link(std::uint32_t number);
  void unlink(std::uint32_t number);

  std::vector<char*> memory_;  // by chunk number
  std::vector<Chunk> chunks_;
  std::vector<std::uint32_t> free_numbers_;
  std::array<Class, kClasses> classes_;
  std::size_t bytes_ = 0;
  // What clear() left.
  std::vector<char*> cleared_;
  std::vector<Chunk> cleared_chunks_;
};

}  // namespace midge::store
