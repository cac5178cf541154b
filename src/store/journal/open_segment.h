// A segment that a journal writes to. Planning is the loop's, writing and syncing the pool's; the
// file is the pool's only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "io/file.h"
#include "store/journal/batch_buffer.h"
#include "store/journal/batch_seal.h"
#include "store/journal/journal_format.h"
#include "store/journal/segment_files.h"

namespace midge::store {

class OpenSegment {
 public:
  // `syncs_each`: each write is followed by a sync.
  OpenSegment(SegmentFile file, std::uint64_t size, bool syncs_each)
      : file_(std::move(file.file)), size_(size), written_(file.is_new && syncs_each ? 0 : size) {}

  // ---- the loop

  // It is used from now on. Its head goes out with the first batch. `key`: null: batches are not
  // encrypted.
  void begin(const SegmentHead& head, const DataKey* key) {
    head_ = head;
    if (key != nullptr) seal_.emplace(*key, head);
  }
  [[nodiscard]] const SegmentHead& head() const { return head_; }
  [[nodiscard]] bool fits(std::size_t records) const {
    return batch_end(end_, records + overhead()) <= size_;
  }
  [[nodiscard]] bool is_half_full() const { return end_ > size_ / 2; }

  // Takes the place for a batch; returns its offset.
  std::uint64_t take_place(std::size_t records);

  // A write or sync failed: nothing more is written to it.
  void fail() { failed_ = true; }
  [[nodiscard]] bool failed() const { return failed_; }

  // ---- a pool thread; one at a time

  // The batch with its head, which is filled in here. The records stay as they are.
  Result<void> write(std::uint64_t offset, BatchBuffer& batch, BatchHead head);
  // Beside writes, too.
  Result<void> sync() { return file_->sync(); }

 private:
  [[nodiscard]] std::size_t overhead() const { return seal_ ? BatchSeal::kOverhead : 0; }

  const std::unique_ptr<io::File> file_;
  const std::uint64_t size_;
  SegmentHead head_;
  std::optional<BatchSeal> seal_;  // not set: batches are not encrypted
  std::string sealed_;             // the pool's
  std::uint64_t end_ = kSegmentHeadSize;
  bool failed_ = false;
  std::uint64_t written_;  // up to here there were bytes before; the pool's

  [[nodiscard]] std::uint64_t zeros_behind(std::uint64_t end, std::size_t batch) const;
};

}  // namespace midge::store
