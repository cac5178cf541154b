// Goes through the whole batches in a segment's bytes, and over whatever is between them.
#pragma once

#include <optional>
#include <string_view>

#include "store/journal/journal_format.h"

namespace midge::store {

class SegmentCursor {
 public:
  // `bytes`: the whole file. They outlive the cursor and its batches.
  SegmentCursor(std::string_view bytes, std::uint64_t salt) : bytes_(bytes), salt_(salt) {}

  struct Batch {
    BatchHead head;
    std::string_view records;
  };
  // nullopt: there is no further one.
  std::optional<Batch> next();
  // The head of a batch that is itself not whole, at the very place where next() looks first.
  [[nodiscard]] std::optional<BatchHead> torn_head() const {
    return decode_batch_head(rest(), salt_);
  }

 private:
  [[nodiscard]] std::string_view rest() const {
    return bytes_.substr(std::min<std::uint64_t>(offset_, bytes_.size()));
  }
  const std::string_view bytes_;
  const std::uint64_t salt_;
  std::uint64_t offset_ = kSegmentHeadSize;
};

}  // namespace midge::store
