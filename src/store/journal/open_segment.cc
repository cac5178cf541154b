#include "store/journal/open_segment.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace midge::store {
namespace {

constexpr std::size_t kSmallBatch = 16 << 10;
constexpr std::size_t kBatchesAhead = 8;
constexpr std::size_t kSealedKeptMax = 1 << 20;  // of memory for the next batch
std::array<char, 64 << 10> kZeros;               // not const: these take no room in the program

}  // namespace

std::uint64_t OpenSegment::take_place(std::size_t records) {
  return std::exchange(end_, batch_end(end_, records + overhead()));
}

// The first write to a part of a file changes the file's own record of what it has, which each sync
// then writes, too. So small batches write zeros ahead of those that follow; large ones have
// syncs enough to themselves.
std::uint64_t OpenSegment::zeros_behind(std::uint64_t end, std::size_t batch) const {
  if (end <= written_ || batch > kSmallBatch) return 0;
  return std::min(end + kBatchesAhead * batch, size_) - end;
}

Result<void> OpenSegment::write(std::uint64_t offset, BatchBuffer& batch, BatchHead head) {
  std::string_view records = batch.records();
  if (seal_) {
    seal_->seal(head, records, sealed_);
    records = sealed_;
  }
  encode(head, records, head_.salt, std::span<char, kBatchHeadSize>(batch.head(), kBatchHeadSize));
  std::array<char, kSegmentHeadSize> segment_head;
  std::vector<io::Slice> slices;
  const bool is_first = offset == kSegmentHeadSize;
  if (is_first) {
    encode(head_, segment_head);
    slices.push_back({segment_head.data(), segment_head.size()});
  }
  // Plain records lie behind their head.
  slices.push_back({batch.head(), kBatchHeadSize + (seal_ ? 0 : records.size())});
  if (seal_) slices.push_back({records.data(), records.size()});
  const std::uint64_t end = offset + kBatchHeadSize + records.size();
  const std::uint64_t zeros = zeros_behind(end, records.size());
  for (std::uint64_t left = zeros; left > 0; left -= slices.back().size)
    slices.push_back({kZeros.data(), std::min<std::uint64_t>(left, kZeros.size())});
  TRY(file_->write_at(is_first ? 0 : offset, slices));
  if (sealed_.capacity() > kSealedKeptMax) sealed_ = {};
  written_ = std::max(written_, end + zeros);
  return {};
}

}  // namespace midge::store
