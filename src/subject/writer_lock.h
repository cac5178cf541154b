// A lock of four bytes for the writers of one shard. All zero is free, so that shards can live in
// memory that was never touched. Held for well under a microsecond; a waiter sleeps in the kernel.
#pragma once

#include <atomic>
#include <cstdint>

namespace midge::subject {

class WriterLock {
 public:
  void lock() {
    std::uint32_t expected = kFree;
    if (state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire)) return;
    // From here on the state says that somebody may wait, so that unlock() wakes one.
    while (state_.exchange(kAwaited, std::memory_order_acquire) != kFree)
      state_.wait(kAwaited, std::memory_order_relaxed);
  }
  bool try_lock() {
    std::uint32_t expected = kFree;
    return state_.compare_exchange_strong(expected, kHeld, std::memory_order_acquire);
  }
  void unlock() {
    if (state_.exchange(kFree, std::memory_order_release) == kAwaited) state_.notify_one();
  }

 private:
  static constexpr std::uint32_t kFree = 0;
  static constexpr std::uint32_t kHeld = 1;
  static constexpr std::uint32_t kAwaited = 2;
  std::atomic<std::uint32_t> state_{kFree};
};

class WriterGuard {
 public:
  explicit WriterGuard(WriterLock& lock) : lock_(lock) { lock_.lock(); }
  ~WriterGuard() { lock_.unlock(); }
  WriterGuard(const WriterGuard&) = delete;
  WriterGuard& operator=(const WriterGuard&) = delete;

 private:
  WriterLock& lock_;
};

}  // namespace midge::subject
