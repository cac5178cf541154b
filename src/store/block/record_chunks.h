// The bytes of a block in memory, from its file's first byte on. They grow by chunks that never
// move, so views of them, and writes of them to a file, stay good meanwhile. A record lies in one
// chunk.
//
// Thread: its owner's. Chunks are counted: a writer on another thread may hold one longer.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace midge::store {

// Some of a block's bytes, and who keeps them.
struct BlockPiece {
  SharedBytes owner;
  std::string_view bytes;
};

class RecordChunks {
 public:
  RecordChunks() = default;
  // What was read from a file.
  RecordChunks(SharedBytes bytes, std::size_t size);

  // Room for the next `size` bytes, which count from now on.
  char* extend(std::size_t size);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  // Up to the end of its chunk it can be read on.
  [[nodiscard]] char* at(std::uint64_t offset) const;
  // Bytes [from, to), in order.
  [[nodiscard]] std::vector<BlockPiece> pieces(std::uint64_t from, std::uint64_t to) const;
  void clear();
  // Memory held.
  [[nodiscard]] std::size_t memory() const;

 private:
  struct Chunk {
    SharedBytes bytes;
    std::uint64_t begin = 0;
    std::size_t used = 0;
  };
  [[nodiscard]] std::size_t chunk_of(std::uint64_t offset) const;

  std::vector<Chunk> chunks_;
  std::uint64_t size_ = 0;
};

}  // namespace midge::store
