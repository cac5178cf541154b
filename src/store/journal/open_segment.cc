#include "store/journal/open_segment.h"

#include <array>
#include <utility>

namespace midge::store {

std::uint64_t OpenSegment::take_place(std::size_t records) {
  return std::exchange(end_, batch_end(end_, records));
}

Result<void> OpenSegment::write(std::uint64_t offset, BatchBuffer& batch, const BatchHead& head) {
  encode(head, batch.records(), head_.salt,
         std::span<char, kBatchHeadSize>(batch.head(), kBatchHeadSize));
  const io::Slice records{batch.head(), kBatchHeadSize + batch.size()};
  if (offset > kSegmentHeadSize) return file_->write_at(offset, {&records, 1});
  std::array<char, kSegmentHeadSize> segment_head;
  encode(head_, segment_head);
  const io::Slice slices[] = {{segment_head.data(), segment_head.size()}, records};
  return file_->write_at(0, slices);
}

}  // namespace midge::store
