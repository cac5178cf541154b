// A queue in one piece of memory, and in none while nothing was ever in it: most consumers are
// idle.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace midge::jetstream {

template <class T>
class Fifo {
 public:
  [[nodiscard]] bool empty() const { return head_ == items_.size(); }
  [[nodiscard]] std::size_t size() const { return items_.size() - head_; }
  T& front() { return items_[head_]; }
  const T& front() const { return items_[head_]; }
  auto begin() { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
  auto end() { return items_.end(); }
  auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
  auto end() const { return items_.end(); }

  void push_back(T item) { items_.push_back(std::move(item)); }
  void pop_front() {
    ++head_;
    if (empty()) return clear();
    if (head_ < items_.size() / 2 || head_ < kSmall) return;
    items_.erase(items_.begin(), begin());
    head_ = 0;
  }
  // Keeps a little memory.
  void clear() {
    head_ = 0;
    if (items_.capacity() > kSmall)
      items_ = {};
    else
      items_.clear();
  }
  template <class Predicate>
  void erase_if(Predicate&& predicate) {
    items_.erase(items_.begin(), begin());
    head_ = 0;
    std::erase_if(items_, predicate);
  }

 private:
  static constexpr std::size_t kSmall = 16;
  std::vector<T> items_;
  std::size_t head_ = 0;  // those before are gone
};

}  // namespace midge::jetstream
