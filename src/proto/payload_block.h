// A payload that arrives in pieces: a counted block that grows as bytes come.
// Invariant: the capacity is at most kPayloadBlockMin or kPayloadBlockGrowth times what has
// arrived, and never beyond what was declared.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/bytes.h"

namespace midge::proto {

inline constexpr std::size_t kPayloadBlockMin = 512;
inline constexpr std::size_t kPayloadBlockGrowth = 4;

class PayloadBlock {
 public:
  // `declared` is how many bytes there may be at last.
  void append(std::string_view bytes, std::size_t declared);

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::string_view view() const {
    return size_ == 0 ? std::string_view() : std::string_view(block_.data(), size_);
  }
  [[nodiscard]] const SharedBytes& block() const { return block_; }

 private:
  SharedBytes block_;
  std::size_t size_ = 0;
};

}  // namespace midge::proto
