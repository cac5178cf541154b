#include "store/block/removed_set.h"

#include <roaring/roaring.h>

#include <cstdlib>
#include <utility>

namespace midge::store {

RemovedSet::~RemovedSet() {
  if (bitmap_ != nullptr) roaring_bitmap_free(bitmap_);
}

RemovedSet::RemovedSet(RemovedSet&& other) noexcept
    : bitmap_(std::exchange(other.bitmap_, nullptr)) {}

RemovedSet& RemovedSet::operator=(RemovedSet&& other) noexcept {
  std::swap(bitmap_, other.bitmap_);
  return *this;
}

roaring_bitmap_s& RemovedSet::bitmap() {
  if (bitmap_ == nullptr) bitmap_ = roaring_bitmap_create();
  if (bitmap_ == nullptr) std::abort();  // as operator new would
  return *bitmap_;
}

bool RemovedSet::add(std::uint32_t value) { return roaring_bitmap_add_checked(&bitmap(), value); }

void RemovedSet::add_range(std::uint32_t from, std::uint64_t to) {
  if (from < to) roaring_bitmap_add_range(&bitmap(), from, to);
}

bool RemovedSet::has(std::uint32_t value) const { return roaring_bitmap_contains(bitmap_, value); }

std::uint64_t RemovedSet::size() const {
  return bitmap_ == nullptr ? 0 : roaring_bitmap_get_cardinality(bitmap_);
}

std::string RemovedSet::serialize() const {
  if (bitmap_ == nullptr) return {};
  std::string bytes(roaring_bitmap_portable_size_in_bytes(bitmap_), '\0');
  roaring_bitmap_portable_serialize(bitmap_, bytes.data());
  return bytes;
}

Result<RemovedSet> RemovedSet::parse(std::string_view bytes) {
  RemovedSet set;
  if (bytes.empty()) return set;
  if (roaring_bitmap_portable_deserialize_size(bytes.data(), bytes.size()) == bytes.size())
    set.bitmap_ = roaring_bitmap_portable_deserialize_safe(bytes.data(), bytes.size());
  if (set.bitmap_ == nullptr) return failure("not a bitmap", ErrorCode::kInvalid);
  // The library takes whatever has the right size: what it made of it must hold together.
  struct Seen {
    std::uint64_t count = 0;
    std::int64_t last = -1;
  } seen;
  const bool ascends = roaring_iterate(
      set.bitmap_,
      [](std::uint32_t value, void* context) {
        auto* seen = static_cast<Seen*>(context);
        if (value <= seen->last) return false;
        seen->last = value;
        ++seen->count;
        return true;
      },
      &seen);
  if (!ascends || seen.count != set.size())
    return failure("a bitmap contradicts itself", ErrorCode::kInvalid);
  return set;
}

std::size_t RemovedSet::memory() const {
  return bitmap_ == nullptr ? 0 : roaring_bitmap_size_in_bytes(bitmap_);
}

}  // namespace midge::store
