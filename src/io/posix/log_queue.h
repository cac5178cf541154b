// Lines on their way to the log's thread. Bounded by bytes; the oldest give way.
//
// Thread: add() and wait_until_written() from any, run() from the log's thread alone.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "io/posix/log_target.h"

namespace midge::io {

class LogQueue {
 public:
  explicit LogQueue(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Each line goes to the target that was in force when it was added.
  void set_target(std::shared_ptr<LogTarget> target);
  void add(LogLine line);
  // Until everything added so far is written or dropped, or the time is over. False if it is over.
  bool wait_until_written(Duration at_most);
  [[nodiscard]] std::uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

  // Works until stop().
  void run();
  void stop();

 private:
  struct Entry {
    std::shared_ptr<LogTarget> target;
    LogLine line;
  };
  static std::size_t cost(const Entry& entry) { return sizeof entry + entry.line.text.size(); }
  void drop_oldest();
  void tell_of_dropped(const Entry& next, std::uint64_t& told);

  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable added_;
  std::condition_variable written_;
  std::shared_ptr<LogTarget> target_;
  std::deque<Entry> entries_;
  std::size_t bytes_ = 0;
  std::uint64_t added_count_ = 0;
  std::uint64_t finished_count_ = 0;  // written or dropped
  bool stopped_ = false;
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace midge::io
