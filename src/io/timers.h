// The timer wheel of one loop (hierarchical, intrusive). Part of io because both environments drive
// it; it reads no clock itself.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "io/timer.h"

namespace midge::io {

class Timers {
 public:
  explicit Timers(MonoTime start);
  ~Timers();
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  // Arms, or moves an armed timer. O(1).
  void arm(Timer& timer, MonoTime at);
  void cancel(Timer& timer);
  // Fires all timers due at `now`; returns how many.
  std::size_t expire(MonoTime now);
  // No timer fires before this; nullopt if none is armed. May be earlier than the first deadline.
  [[nodiscard]] std::optional<MonoTime> next_wake() const;
  [[nodiscard]] std::size_t armed_count() const { return armed_; }

 private:
  // 7 levels of 64 slots: 2^42 milliseconds, so that any uptime fits. A timer sits on the level of
  // the highest digit (base 64) in which its tick differs from tick_; so all timers of a level are
  // later than all timers of the levels below.
  static constexpr unsigned kLevels = 7;
  static constexpr unsigned kSlotBits = 6;
  static constexpr unsigned kSlots = 1U << kSlotBits;
  static constexpr unsigned kDue = kLevels * kSlots;  // the bucket of timers about to fire
  struct Bucket {
    Timer* head = nullptr;
    Timer* tail = nullptr;
  };
  struct Event {  // the next slot to open
    std::int64_t tick;
    unsigned level;
    unsigned slot;
  };
  [[nodiscard]] std::optional<Event> next_event() const;
  [[nodiscard]] static bool before(const Timer& a, const Timer& b);
  static Timer* merge_sorted(Timer* a, Timer* b);
  static Timer* sorted(Timer* head, std::size_t count);
  void append(Timer& timer, unsigned bucket);
  void place(Timer& timer);
  void open(const Event& event);
  void unlink(Timer& timer);
  void sort_due(Timer* first);

  std::array<Bucket, kDue + 1> buckets_{};
  std::array<std::uint64_t, kLevels> occupied_{};  // a bit per slot
  std::int64_t tick_ = 0;                          // milliseconds; this and earlier ones have fired
  std::size_t armed_ = 0;
  std::uint32_t next_order_ = 0;
};

}  // namespace midge::io
