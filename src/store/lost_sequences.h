// Which messages of a stream were lost to rot: ranges of sequences, ascending.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/ids.h"

namespace midge::store {

class LostSequences {
 public:
  struct Range {
    Sequence first, last;
  };
  // [first, last]; what is known already is not added again.
  void add(Sequence first, Sequence last);
  void add(Sequence sequence) { add(sequence, sequence); }
  [[nodiscard]] const std::vector<Range>& ranges() const { return ranges_; }
  // Up to `limit` of them, ascending.
  [[nodiscard]] std::vector<std::uint64_t> list(std::size_t limit) const;

 private:
  std::vector<Range> ranges_;
};

}  // namespace midge::store
