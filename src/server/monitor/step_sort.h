// Sorts a list in steps of some ten microseconds each, however long it is: blocks first, then they
// are merged in pairs.
//
//   StepSort<int> sort(std::move(numbers));
//   while (!sort.step()) { … others have their turn … }
//   numbers = sort.take();
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace midge::server {

// `Element` is small and cheap to copy, and has `<`.
template <class Element>
class StepSort {
 public:
  StepSort() = default;
  explicit StepSort(std::vector<Element> items) : items_(std::move(items)) {}

  // True: all is sorted.
  bool step() {
    if (blocks_end_ < items_.size()) {
      sort_block();
    } else if (!is_sorted()) {
      merge_some();
    }
    return is_sorted();
  }
  [[nodiscard]] std::vector<Element> take() { return std::move(items_); }

 private:
  static constexpr std::size_t kBlock = 512;
  static constexpr std::size_t kMergedPerStep = 4096;

  [[nodiscard]] bool is_sorted() const {
    return blocks_end_ == items_.size() && width_ >= items_.size();
  }

  void sort_block() {
    const std::size_t begin = blocks_end_;
    blocks_end_ = std::min(begin + kBlock, items_.size());
    std::sort(items_.begin() + static_cast<std::ptrdiff_t>(begin),
              items_.begin() + static_cast<std::ptrdiff_t>(blocks_end_));
  }

  // Of the two runs of `width_` that the next output comes from.
  void begin_pair() {
    left_ = merged_.size();
    left_end_ = right_ = std::min(left_ + width_, items_.size());
    right_end_ = std::min(left_ + 2 * width_, items_.size());
  }

  void merge_some() {
    if (merged_.capacity() < items_.size()) merged_.reserve(items_.size());
    for (std::size_t n = 0; n < kMergedPerStep && merged_.size() < items_.size(); ++n) {
      if (left_ == left_end_ && right_ == right_end_) begin_pair();
      const bool from_left =
          right_ == right_end_ || (left_ < left_end_ && !(items_[right_] < items_[left_]));
      merged_.push_back(items_[from_left ? left_++ : right_++]);
    }
    if (merged_.size() < items_.size()) return;
    items_.swap(merged_);
    merged_.clear();
    left_ = left_end_ = right_ = right_end_ = 0;
    width_ *= 2;
  }

  std::vector<Element> items_, merged_;
  std::size_t blocks_end_ = 0;                                       // sorted by blocks up to here
  std::size_t width_ = kBlock;                                       // of the runs that are sorted
  std::size_t left_ = 0, left_end_ = 0, right_ = 0, right_end_ = 0;  // rest of the pair at hand
};

}  // namespace midge::server
