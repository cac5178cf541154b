#include "store/block/record_chunks.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace midge::store {
namespace {

// Streams of few messages are many; those of many want few chunks.
constexpr std::size_t kFirstChunk = 1024;
constexpr std::size_t kChunkMax = std::size_t{256} << 10;

}  // namespace

RecordChunks::RecordChunks(SharedBytes bytes, std::size_t size) : size_(size) {
  chunks_.push_back({std::move(bytes), 0, size});
}

char* RecordChunks::extend(std::size_t size) {
  if (chunks_.empty() || chunks_.back().bytes.capacity() - chunks_.back().used < size) {
    const std::size_t usual =
        chunks_.empty() ? kFirstChunk : std::min(chunks_.back().bytes.capacity() * 2, kChunkMax);
    chunks_.push_back({SharedBytes::allocate(std::max(usual, size)), size_, 0});
  }
  Chunk& chunk = chunks_.back();
  char* const at = chunk.bytes.data() + chunk.used;
  chunk.used += size;
  size_ += size;
  return at;
}

std::size_t RecordChunks::chunk_of(std::uint64_t offset) const {
  DCHECK(offset < size_, "an offset is beyond the block's end");
  if (offset >= chunks_.back().begin) return chunks_.size() - 1;
  const auto behind =
      std::upper_bound(chunks_.begin(), chunks_.end(), offset,
                       [](std::uint64_t at, const Chunk& chunk) { return at < chunk.begin; });
  return static_cast<std::size_t>(behind - chunks_.begin()) - 1;
}

char* RecordChunks::at(std::uint64_t offset) const {
  const Chunk& chunk = chunks_[chunk_of(offset)];
  return chunk.bytes.data() + (offset - chunk.begin);
}

std::vector<BlockPiece> RecordChunks::pieces(std::uint64_t from, std::uint64_t to) const {
  std::vector<BlockPiece> out;
  if (from >= to) return out;
  for (std::size_t i = chunk_of(from); i < chunks_.size() && from < to; ++i) {
    const Chunk& chunk = chunks_[i];
    const std::uint64_t end = std::min(to, chunk.begin + chunk.used);
    out.push_back({chunk.bytes, {chunk.bytes.data() + (from - chunk.begin), end - from}});
    from = end;
  }
  return out;
}

void RecordChunks::clear() {
  chunks_.clear();
  chunks_.shrink_to_fit();
  size_ = 0;
}

std::size_t RecordChunks::memory() const {
  std::size_t sum = chunks_.capacity() * sizeof(Chunk);
  for (const Chunk& chunk : chunks_) sum += chunk.bytes.capacity();
  return sum;
}

}  // namespace midge::store
