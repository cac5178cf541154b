#include "jetstream/consumer/listing.h"

#include <functional>

namespace midge::jetstream {

void Listing::add(Sequence sequence) {
  if (runs_.empty() || runs_.back().size() == kRun) runs_.emplace_back();
  runs_.back().push_back(sequence);
}

void Listing::put_in_order(Run& run) {
  if (run.empty()) return;
  std::ranges::sort(run, std::greater<>());
  there_ += run.size();
  heap_.push_back(&run);
  std::ranges::push_heap(heap_, is_later);
}

bool Listing::contains(Sequence sequence) const {
  for (std::size_t i = 0; i < settled_; ++i)
    if (std::ranges::binary_search(runs_[i], sequence, std::greater<>())) return true;
  return false;
}

bool Listing::remove(Sequence sequence) {
  lost_any_ = true;
  if (!contains(sequence)) return false;
  --there_;
  return true;
}

void Listing::pop_front() {
  --there_;
  skip_front();
}

void Listing::skip_front() {
  std::ranges::pop_heap(heap_, is_later);
  Run& run = *heap_.back();
  run.pop_back();
  if (run.empty()) {
    run = Run();
    heap_.pop_back();
    if (heap_.empty()) clear();
  } else {
    std::ranges::push_heap(heap_, is_later);
  }
}

}  // namespace midge::jetstream
