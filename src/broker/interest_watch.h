// Which loops wait until somebody subscribes to a subject that nobody listens to now.
//
// A subscriber inserts into the index and then looks here; a waiter is counted here and then looks
// into the index once more: one of them sees the other. Thread: any.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "subject/subject.h"

namespace midge::broker {

class InterestWatch {
 public:
  explicit InterestWatch(std::size_t loops) : waiting_(loops) {}

  // A service of `loop` waits for `subject`, a literal one. It must look for interest after this.
  void add(LoopId loop, AccountId account, std::string_view subject) {
    waiting_[loop.value].fetch_add(1, std::memory_order_relaxed);
    bucket(account, subject).fetch_add(1, std::memory_order_relaxed);
    total_.fetch_add(1, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
  }
  // Waits no longer.
  void remove(LoopId loop, AccountId account, std::string_view subject) {
    total_.fetch_sub(1, std::memory_order_relaxed);
    bucket(account, subject).fetch_sub(1, std::memory_order_relaxed);
    waiting_[loop.value].fetch_sub(1, std::memory_order_relaxed);
  }

  // Whether anybody waits who may get what a subscription, inserted before, is for.
  [[nodiscard]] bool anybody_waits() const {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    return total_.load(std::memory_order_relaxed) > 0;
  }
  // Calls tell(LoopId) for each loop that may wait for what a subscription to `pattern` will get.
  // After anybody_waits().
  void for_waiting(AccountId account, std::string_view pattern, auto tell) const {
    if (subject::is_literal(pattern) &&
        bucket(account, pattern).load(std::memory_order_relaxed) == 0)
      return;
    for (std::size_t i = 0; i < waiting_.size(); ++i)
      if (waiting_[i].load(std::memory_order_relaxed) > 0)
        tell(LoopId{static_cast<decltype(LoopId::value)>(i)});
  }

 private:
  // Those who wait for one of its subjects are counted together.
  using Bucket = std::atomic<std::uint32_t>;
  static constexpr std::size_t kBuckets = 1024;

  static std::size_t bucket_of(AccountId account, std::string_view subject) {
    return (std::hash<std::string_view>()(subject) + account.value) % kBuckets;
  }
  Bucket& bucket(AccountId account, std::string_view subject) {
    return buckets_[bucket_of(account, subject)];
  }
  [[nodiscard]] const Bucket& bucket(AccountId account, std::string_view subject) const {
    return buckets_[bucket_of(account, subject)];
  }

  std::atomic<std::uint64_t> total_{0};
  std::vector<std::atomic<std::uint64_t>> waiting_;  // by loop
  std::array<Bucket, kBuckets> buckets_{};
};

}  // namespace midge::broker
