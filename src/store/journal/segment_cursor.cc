#include "store/journal/segment_cursor.h"

namespace midge::store {

std::optional<SegmentCursor::Batch> SegmentCursor::next() {
  for (std::uint64_t at = offset_; at + kBatchHeadSize <= bytes_.size();) {
    const std::string_view here = bytes_.substr(at);
    const auto head = decode_batch_head(here, salt_);
    if (!head) {
      at = find_batch(bytes_, at + kBatchAlignment);
      continue;
    }
    const std::uint64_t end = batch_end(at, head->length);
    if (has_whole_records(*head, here, salt_)) {
      offset_ = end;
      return Batch{*head, here.substr(kBatchHeadSize, head->length)};
    }
    at = end;  // a whole head is believed
  }
  return std::nullopt;
}

}  // namespace midge::store
