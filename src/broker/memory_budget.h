// How much of its memory limit the process uses, and whether that is too much: then whoever holds
// what can be had again lets go of it (tight), and what would need more is refused (full).
//
// The measure is what of the process is in RAM: that bounds all it holds, counted or not. Loops
// look it up while they move bytes, so that little can happen between two looks. Thread: any.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace midge::broker {

// What refused clients are told.
inline constexpr const char* kMemoryLimitReached = "memory limit reached";

class MemoryBudget {
 public:
  enum class Level : std::uint8_t { kEasy, kTight, kFull };
  // Smaller limits leave no room for a process that does anything.
  static constexpr std::int64_t kLimitMin = std::int64_t{64} << 20;

  // Zero: none.
  void limit_to(std::int64_t bytes) {
    limit_.store(bytes, std::memory_order_relaxed);
    saw(used());
  }
  [[nodiscard]] std::int64_t limit() const { return limit_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_limited() const { return limit() > 0; }
  [[nodiscard]] std::int64_t used() const { return used_.load(std::memory_order_relaxed); }
  [[nodiscard]] Level level() const { return level_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool is_full() const { return level() == Level::kFull; }
  // Nothing at all is left: until here whoever wants to make room can still come in.
  [[nodiscard]] bool is_exhausted() const;

  // Whether a connection or subscription is refused for that. Counts it.
  [[nodiscard]] bool refuses() {
    const bool refused = is_exhausted();
    if (refused) ++refusals;
    return refused;
  }

  // What the process uses now. Returns the level before; it does not go to and fro with each
  // allocation.
  Level saw(std::int64_t bytes);
  // How much must go until it is no longer full; 0 or less: nothing.
  [[nodiscard]] std::int64_t excess() const;

  // What one connection may hold while memory is full: a share that leaves room for many.
  [[nodiscard]] std::size_t share_of_connection() const {
    return static_cast<std::size_t>(std::clamp<std::int64_t>(limit() / 256, 64 << 10, 1 << 20));
  }

  // For monitoring.
  std::atomic<std::uint64_t> refusals{0};            // of connections and subscriptions
  std::atomic<std::uint64_t> closed_connections{0};  // for what they held
  std::atomic<std::uint64_t> times_full{0};

 private:
  // What is kept free of data: a part of the process grows before it can be looked at again.
  [[nodiscard]] std::int64_t margin() const {
    return std::min(limit() / 5, std::int64_t{512} << 20);
  }
  [[nodiscard]] Level level_for(std::int64_t bytes, Level before) const;

  std::atomic<std::int64_t> limit_{0}, used_{0};
  std::atomic<Level> level_{Level::kEasy};
};

constexpr const char* to_text(MemoryBudget::Level level) {
  switch (level) {
    case MemoryBudget::Level::kEasy:
      return "easy";
    case MemoryBudget::Level::kTight:
      return "tight";
    case MemoryBudget::Level::kFull:
      break;
  }
  return "full";
}

}  // namespace midge::broker
