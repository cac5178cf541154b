#include "io/posix/log_queue.h"

#include <chrono>

namespace midge::io {

void LogQueue::set_target(std::shared_ptr<LogTarget> target) {
  const std::lock_guard lock(mutex_);
  target_.swap(target);
}

void LogQueue::add(LogLine line) {
  std::unique_lock lock(mutex_);
  entries_.push_back({target_, std::move(line)});
  bytes_ += cost(entries_.back());
  ++added_count_;
  while (bytes_ > bytes_max_ && entries_.size() > 1) drop_oldest();
  const bool was_empty = entries_.size() == 1;
  lock.unlock();
  if (was_empty) added_.notify_one();
}

void LogQueue::drop_oldest() {
  bytes_ -= cost(entries_.front());
  entries_.pop_front();
  ++finished_count_;
  dropped_.fetch_add(1, std::memory_order_relaxed);
}

bool LogQueue::wait_until_written(Duration at_most) {
  std::unique_lock lock(mutex_);
  const std::uint64_t goal = added_count_;
  return written_.wait_for(lock, std::chrono::nanoseconds(at_most.ns),
                           [&] { return finished_count_ >= goal; });
}

void LogQueue::run() {
  std::uint64_t told = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    added_.wait(lock, [this] { return stopped_ || !entries_.empty(); });
    if (stopped_) return;
    Entry entry = std::move(entries_.front());
    entries_.pop_front();
    bytes_ -= sizeof entry + entry.line.text.size();
    lock.unlock();
    tell_of_dropped(entry, told);
    const bool written = entry.target->write(entry.line);
    entry.target.reset();  // not under the lock: it may be the last, and close a file
    lock.lock();
    if (!written) dropped_.fetch_add(1, std::memory_order_relaxed);
    ++finished_count_;
    written_.notify_all();
  }
}

// Where lines are missing, the log says so.
void LogQueue::tell_of_dropped(const Entry& next, std::uint64_t& told) {
  const std::uint64_t now = dropped();
  if (now == told) return;
  const std::string count = std::to_string(now - told);
  told = now;
  next.target->write({LogLevel::kWarn, next.line.time,
                      count + " log lines dropped: nobody takes them fast enough"});
}

void LogQueue::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  added_.notify_all();
}

}  // namespace midge::io
