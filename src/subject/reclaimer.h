// Frees memory that readers without locks may still look at.
//
// Quiescent states: a loop that passed a tick, or sleeps, holds no pointer into the index. What is
// retired goes into a batch; the batch is closed under the epoch of that moment, and freed when
// every loop has announced a later epoch or sleeps. Only std::malloc'ed memory, whose content needs
// no destructor, is retired.
//
// retire(): any loop. passed_tick(), going_to_sleep(), woke_up(): the loop named. One collector
// works at a time; others go on without waiting. A collector's share per tick is bounded.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "base/ids.h"
#include "subject/writer_lock.h"

namespace midge::subject {

class Reclaimer {
 public:
  explicit Reclaimer(unsigned loops);
  ~Reclaimer();  // frees everything: no reader is left
  Reclaimer(const Reclaimer&) = delete;
  Reclaimer& operator=(const Reclaimer&) = delete;

  // `memory` can no longer be reached by readers that start now. `near` is a loop whose retiring
  // is likely to come from the same thread; it only spreads the locks.
  void retire(LoopId near, void* memory);

  void passed_tick(LoopId loop);
  void going_to_sleep(LoopId loop);
  void woke_up(LoopId loop);

  // Retired and not yet freed.
  [[nodiscard]] std::size_t waiting() const;

 private:
  static constexpr std::uint64_t kAsleep = ~std::uint64_t{0};

  struct alignas(64) Reader {
    std::atomic<std::uint64_t> seen{0};  // the last epoch announced, or kAsleep
  };
  struct alignas(64) Open {
    WriterLock lock;
    std::atomic<std::size_t> size{0};
    std::vector<void*> memory;
  };
  struct Closed {
    std::uint64_t epoch;
    std::vector<void*> memory;
  };

  void announce(LoopId loop);
  void collect(LoopId loop);
  void close_open();
  void free_closed(std::uint64_t passed);
  std::uint64_t lowest_seen();
  [[nodiscard]] bool idle() const;

  const unsigned loops_;
  const unsigned open_count_;
  std::unique_ptr<Reader[]> readers_;
  std::unique_ptr<Open[]> open_;

  std::atomic<std::uint64_t> epoch_{1};  // written by the collector only
  WriterLock collector_;
  std::deque<Closed> closed_;                // guarded by collector_
  std::atomic<std::size_t> closed_size_{0};  // written by the collector only
};

}  // namespace midge::subject
