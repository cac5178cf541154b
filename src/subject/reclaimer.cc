#include "subject/reclaimer.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace midge::subject {
namespace {

constexpr unsigned kOpenMax = 16;
// Freeing takes tens of nanoseconds a block: a million that wait cost a tick about a millisecond.
constexpr std::size_t kShareMin = 2048;
constexpr std::size_t kShareDivisor = 32;

}  // namespace

Reclaimer::Reclaimer(unsigned loops)
    : loops_(loops),
      open_count_(std::clamp(loops, 1U, kOpenMax)),
      readers_(std::make_unique<Reader[]>(loops)),
      open_(std::make_unique<Open[]>(open_count_)) {}

Reclaimer::~Reclaimer() {
  close_open();
  for (Closed& batch : closed_)
    for (void* memory : batch.memory) std::free(memory);
}

void Reclaimer::retire(LoopId near, void* memory) {
  Open& open = open_[near.value % open_count_];
  WriterGuard guard(open.lock);
  open.memory.push_back(memory);
  open.size.store(open.memory.size(), std::memory_order_relaxed);
}

void Reclaimer::passed_tick(LoopId loop) {
  announce(loop);
  if (!idle()) collect(loop);
}

void Reclaimer::going_to_sleep(LoopId loop) {
  passed_tick(loop);
  readers_[loop.value].seen.store(kAsleep, std::memory_order_release);
}

// The exchange reads what the last collector wrote who saw this loop asleep (lowest_seen), so all
// that was unlinked by then is seen as unlinked from here on.
void Reclaimer::woke_up(LoopId loop) {
  readers_[loop.value].seen.exchange(epoch_.load(std::memory_order_acquire),
                                     std::memory_order_acq_rel);
}

void Reclaimer::announce(LoopId loop) {
  ENSURE(loop.value < loops_, "a loop that the index was not told of");
  readers_[loop.value].seen.store(epoch_.load(std::memory_order_acquire),
                                  std::memory_order_release);
}

bool Reclaimer::idle() const { return waiting() == 0; }

std::size_t Reclaimer::waiting() const {
  std::size_t sum = closed_size_.load(std::memory_order_relaxed);
  for (unsigned i = 0; i < open_count_; ++i) sum += open_[i].size.load(std::memory_order_relaxed);
  return sum;
}

void Reclaimer::collect(LoopId loop) {
  if (!collector_.try_lock()) return;
  if (lowest_seen() >= epoch_.load(std::memory_order_relaxed)) {
    close_open();
    // The release lets every loop that announces the new epoch see what was unlinked before.
    epoch_.store(epoch_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    announce(loop);
  }
  free_closed(lowest_seen());
  collector_.unlock();
}

void Reclaimer::close_open() {
  std::uint64_t epoch = epoch_.load(std::memory_order_relaxed);
  for (unsigned i = 0; i < open_count_; ++i) {
    Open& open = open_[i];
    if (open.size.load(std::memory_order_relaxed) == 0) continue;
    std::vector<void*> memory;
    {
      WriterGuard guard(open.lock);
      memory.swap(open.memory);
      open.size.store(0, std::memory_order_relaxed);
    }
    closed_size_.store(closed_size_.load(std::memory_order_relaxed) + memory.size(),
                       std::memory_order_relaxed);
    closed_.push_back({epoch, std::move(memory)});
  }
}

// A part of what waits at least, so that the backlog cannot grow for ever; not all, so that a mass
// of unsubscriptions does not stall the tick.
void Reclaimer::free_closed(std::uint64_t passed) {
  std::size_t size = closed_size_.load(std::memory_order_relaxed);
  std::size_t share = std::min(size, kShareMin + size / kShareDivisor);
  closed_size_.store(size - share, std::memory_order_relaxed);
  while (share > 0 && !closed_.empty() && closed_.front().epoch < passed) {
    std::vector<void*>& memory = closed_.front().memory;
    for (; share > 0 && !memory.empty(); --share, memory.pop_back()) std::free(memory.back());
    if (memory.empty()) closed_.pop_front();
  }
  closed_size_.store(closed_size_.load(std::memory_order_relaxed) + share,
                     std::memory_order_relaxed);
}

std::uint64_t Reclaimer::lowest_seen() {
  std::uint64_t lowest = kAsleep;
  for (unsigned i = 0; i < loops_; ++i) {
    std::atomic<std::uint64_t>& seen = readers_[i].seen;
    std::uint64_t value = seen.load(std::memory_order_acquire);
    // Writing is what orders this look against the loop's waking up.
    if (value == kAsleep) value = seen.fetch_or(0, std::memory_order_acq_rel);
    lowest = std::min(lowest, value);
  }
  return lowest;
}

}  // namespace midge::subject
