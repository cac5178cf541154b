// Segments made by hand, for tests of who reads them.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "store/journal/journal_format.h"

namespace midge::store {

class SegmentMaker {
 public:
  explicit SegmentMaker(const SegmentHead& head) : head_(head) {
    std::array<char, kSegmentHeadSize> bytes;
    encode(head, bytes);
    bytes_.assign(bytes.data(), bytes.size());
    next_ = {.number = head.first_batch, .position = head.position, .synced = head.first_batch - 1};
  }

  // A batch of one record for each body.
  SegmentMaker& batch(const std::vector<std::string_view>& bodies) {
    std::string records;
    for (const std::string_view body : bodies) {
      char head[kRecordHeadSize];
      encode_record_head(static_cast<std::uint32_t>(sizeof head + body.size()),
                         RecordKind::kMessage, StreamId{1}, head);
      records.append(head, sizeof head).append(body);
    }
    return raw_batch(records);
  }
  SegmentMaker& raw_batch(std::string_view records) {
    begins_.push_back(bytes_.size());
    next_.length = static_cast<std::uint32_t>(records.size());
    std::array<char, kBatchHeadSize> head;
    encode(next_, records, head_.salt, head);
    bytes_.append(head.data(), head.size()).append(records);
    ends_.push_back(bytes_.size());
    bytes_.resize(align_batch(bytes_.size()), '\0');
    next_.position = next_.position + records.size();
    ++next_.number;
    if (syncs_) next_.synced = next_.number - 1;
    return *this;
  }
  // Later batches are written without a sync between them.
  SegmentMaker& without_sync() {
    syncs_ = false;
    return *this;
  }
  // The last batch is synced: later ones say so.
  SegmentMaker& sync() {
    next_.synced = next_.number - 1;
    return *this;
  }
  SegmentMaker& flags(std::uint32_t flags) {
    next_.flags = flags;
    return *this;
  }

  [[nodiscard]] const std::string& bytes() const { return bytes_; }
  // Where each batch begins; where its last byte is followed by padding or the next.
  [[nodiscard]] const std::vector<std::size_t>& begins() const { return begins_; }
  [[nodiscard]] const std::vector<std::size_t>& ends() const { return ends_; }
  // The head of the segment that follows.
  [[nodiscard]] SegmentHead next_head() const {
    return {.journal = head_.journal,
            .number = head_.number + 1,
            .position = next_.position,
            .first_batch = next_.number,
            .salt = head_.salt * 3 + 1};
  }

 private:
  const SegmentHead head_;
  BatchHead next_;
  bool syncs_ = true;
  std::string bytes_;
  std::vector<std::size_t> begins_, ends_;
};

}  // namespace midge::store
