// What a consumer of the last message of each subject begins with: found by a walk in the order of
// subjects, delivered in the order of sequences. It is kept in sorted runs, so that no step is
// long, however many subjects there are.
//
// Life: add() while the walk goes → settle() until it is through → front(), pop_front(). What the
// stream loses is told by remove() at any time. Pure; thread: the consumer's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "store/ids.h"

namespace midge::jetstream {

using store::Sequence;

class Listing {
 public:
  void add(Sequence sequence);
  // After the last add(). What was lost during the walk goes, as `is_there` says. False:
  // the budget is spent, and there is more to do.
  template <class IsThere>
  bool settle(std::int64_t& budget, IsThere&& is_there) {
    for (; settled_ < runs_.size(); ++settled_) {
      if (budget <= 0) return false;
      Run& run = runs_[settled_];
      budget -= kEach * static_cast<std::int64_t>(run.size());
      if (lost_any_) std::erase_if(run, [&](Sequence sequence) { return !is_there(sequence); });
      put_in_order(run);
    }
    return true;
  }
  // The stream lost this message. True: it was among those still to be delivered.
  bool remove(Sequence sequence);

  // Of those that are settled.
  [[nodiscard]] bool contains(Sequence sequence) const;
  [[nodiscard]] bool empty() const { return heap_.empty(); }
  // How many of those left the stream has.
  [[nodiscard]] std::uint64_t there() const { return there_; }
  // The lowest one. The stream may have lost it.
  [[nodiscard]] Sequence front() const { return heap_.front()->back(); }
  // It is delivered.
  void pop_front();
  // It was lost.
  void skip_front();
  void clear() { *this = Listing(); }

 private:
  using Run = std::vector<Sequence>;  // in order: descending
  static constexpr std::size_t kRun = 2048;
  static constexpr std::int64_t kEach = 4;  // where a message of a scan costs one

  void put_in_order(Run& run);
  static bool is_later(const Run* a, const Run* b) { return a->back() > b->back(); }

  std::vector<Run> runs_;
  std::size_t settled_ = 0;  // so many of them are in order
  std::vector<Run*> heap_;   // of those that have anything left, the one with the lowest in front
  std::uint64_t there_ = 0;
  bool lost_any_ = false;  // since the walk began
};

}  // namespace midge::jetstream
