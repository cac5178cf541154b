// Bytes under way between each pair of loops, and who waits for them to get fewer.
//
// A loop that exceeds its credit toward another stops reading the clients that produce, never
// itself: it goes on draining its own mail. Thread: any.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/ids.h"

namespace midge::broker {

class MailCredit {
 public:
  static constexpr std::int64_t kBytesMax = 8 << 20;

  explicit MailCredit(unsigned loops)
      : loops_(loops), pairs_(std::make_unique<Pair[]>(std::size_t{loops} * loops)) {}

  // Bytes that are posted but not worked off, after adding `bytes`.
  void add(LoopId from, LoopId to, std::int64_t bytes) {
    pair(from, to).under_way.fetch_add(bytes, std::memory_order_seq_cst);
  }
  // True if the sender waits for this and must be told.
  bool settle(LoopId from, LoopId to, std::int64_t bytes) {
    Pair& p = pair(from, to);
    const std::int64_t left = p.under_way.fetch_sub(bytes, std::memory_order_seq_cst) - bytes;
    return left <= kBytesMax / 2 && p.waiting.exchange(false, std::memory_order_seq_cst);
  }
  // False if the sender must wait; it will be told by whoever settles.
  bool available(LoopId from, LoopId to) {
    Pair& p = pair(from, to);
    if (p.under_way.load(std::memory_order_relaxed) <= kBytesMax) return true;
    p.waiting.store(true, std::memory_order_seq_cst);
    // Settled in between: nobody would tell us, so look once more.
    if (p.under_way.load(std::memory_order_seq_cst) > kBytesMax / 2) return false;
    p.waiting.store(false, std::memory_order_relaxed);
    return true;
  }

 private:
  struct alignas(64) Pair {
    std::atomic<std::int64_t> under_way{0};
    std::atomic<bool> waiting{false};
  };
  Pair& pair(LoopId from, LoopId to) { return pairs_[std::size_t{from.value} * loops_ + to.value]; }

  unsigned loops_;
  std::unique_ptr<Pair[]> pairs_;
};

}  // namespace midge::broker
