// Which sequences of a block are removed: a Roaring bitmap of sequences less the block's first.
// Thread: its owner's.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

struct roaring_bitmap_s;

namespace midge::store {

class RemovedSet {
 public:
  RemovedSet() = default;  // empty: takes no memory
  ~RemovedSet();
  RemovedSet(RemovedSet&& other) noexcept;
  RemovedSet& operator=(RemovedSet&& other) noexcept;

  // False if it was there.
  bool add(std::uint32_t value);
  // Adds [from, to).
  void add_range(std::uint32_t from, std::uint64_t to);
  [[nodiscard]] bool contains(std::uint32_t value) const {
    return bitmap_ != nullptr && has(value);
  }
  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] bool empty() const { return bitmap_ == nullptr; }

  // The portable format of Roaring bitmaps; nothing if it is empty.
  [[nodiscard]] std::string serialize() const;
  // Errors: kInvalid; not such bytes.
  static Result<RemovedSet> parse(std::string_view bytes);
  [[nodiscard]] std::size_t memory() const;

 private:
  [[nodiscard]] bool has(std::uint32_t value) const;
  roaring_bitmap_s& bitmap();

  roaring_bitmap_s* bitmap_ = nullptr;  // null: empty
};

}  // namespace midge::store
