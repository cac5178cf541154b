#include "store/lost_sequences.h"

#include <algorithm>

namespace midge::store {

void LostSequences::add(Sequence first, Sequence last) {
  // All that it touches becomes one with it.
  const auto begin =
      std::ranges::find_if(ranges_, [&](const Range& range) { return range.last + 1 >= first; });
  const auto end = std::find_if(begin, ranges_.end(),
                                [&](const Range& range) { return range.first > last + 1; });
  Range whole{first, last};
  if (begin != end) {
    whole.first = std::min(first, begin->first);
    whole.last = std::max(last, (end - 1)->last);
  }
  ranges_.insert(ranges_.erase(begin, end), whole);
}

std::vector<std::uint64_t> LostSequences::list(std::size_t limit) const {
  std::vector<std::uint64_t> all;
  for (const Range& range : ranges_)
    for (Sequence at = range.first; at <= range.last && all.size() < limit; ++at)
      all.push_back(at.value);
  return all;
}

}  // namespace midge::store
