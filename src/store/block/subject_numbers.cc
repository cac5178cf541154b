#include "store/block/subject_numbers.h"

#include <algorithm>

#include "store/checksum.h"

namespace midge::store {

std::uint32_t SubjectNumbers::hash_of(std::string_view subject) const {
  return static_cast<std::uint32_t>(checksum(subject, salt_));
}

void SubjectNumbers::grow() {
  std::vector<Slot> old(std::max<std::size_t>(slots_.size() * 2, 4));
  old.swap(slots_);
  for (const Slot& slot : old) {
    if (slot.number_behind == 0) continue;
    std::size_t at = slot.hash & (slots_.size() - 1);
    while (slots_[at].number_behind != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = slot;
  }
}

}  // namespace midge::store
