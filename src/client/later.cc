#include "client/later.h"

#include <utility>

namespace midge::detail {

void Later::at(MonoTime time, std::function<void()> action) {
  Entry& entry = entries_.emplace_back(*this, std::move(action));
  entry.place = std::prev(entries_.end());
  timers_.arm(entry, time);
}

void Later::run(Entry& entry) {
  const auto action = std::move(entry.action);
  entries_.erase(entry.place);
  action();
}

void Later::run_all() {
  while (!entries_.empty()) {
    timers_.cancel(entries_.front());
    run(entries_.front());
  }
}

void Later::cancel() {
  for (Entry& entry : entries_) timers_.cancel(entry);
  entries_.clear();
}

}  // namespace midge::detail
