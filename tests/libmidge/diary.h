// What a connection tells of itself, for tests that wait for it.
#pragma once

#include <midge/options.h>

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <vector>

namespace midge::test {

// Events, in order, for whoever waits for one.
class Diary {
 public:
  void note(const Event& event) {
    const std::lock_guard lock(mutex_);
    events_.push_back(event);
    changed_.notify_all();
  }
  // The first of that kind not waited for before; those before it are forgotten.
  Event wait_for(EventKind kind) {
    std::unique_lock lock(mutex_);
    while (true) {
      for (; next_ < events_.size(); ++next_)
        if (events_[next_].kind == kind) return events_[next_++];
      changed_.wait(lock);
    }
  }
  bool has(EventKind kind) { return count(kind) > 0; }
  std::size_t count(EventKind kind) {
    const std::lock_guard lock(mutex_);
    std::size_t count = 0;
    for (const Event& event : events_) count += event.kind == kind ? 1 : 0;
    return count;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
  std::size_t next_ = 0;
};

}  // namespace midge::test
