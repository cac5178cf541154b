#include "store/block/filter_matches.h"

#include <algorithm>

namespace midge::store {

void FilterMatches::Bits::set(std::uint32_t subject, bool matches) {
  const std::size_t word = subject / 32;
  if (word >= words_.size()) words_.resize(word + 1);
  words_[word] |= std::uint64_t{matches ? 3U : 1U} << (subject % 32 * 2);
  ++known_;
  if (matches) ++matched_;
}

FilterMatches::Bits& FilterMatches::of(const Filter& filter) {
  ++clock_;
  for (Entry& entry : entries_)
    if (entry.filter == filter) {
      entry.used = clock_;
      return entry.bits;
    }
  if (entries_.size() < kFilters) {
    entries_.push_back({filter, {}, clock_});
    return entries_.back().bits;
  }
  Entry& oldest = *std::ranges::min_element(entries_, {}, &Entry::used);
  oldest = {filter, {}, clock_};
  return oldest.bits;
}

void FilterMatches::clear() {
  entries_.clear();
  entries_.shrink_to_fit();
}

std::size_t FilterMatches::memory() const {
  std::size_t sum = entries_.capacity() * sizeof(Entry);
  for (const Entry& entry : entries_) sum += entry.bits.words_.capacity() * sizeof(std::uint64_t);
  return sum;
}

}  // namespace midge::store
