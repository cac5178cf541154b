// Virtual time and what will happen in it. Events of one moment happen in an order that the seed
// draws.
#pragma once

#include <cstdint>
#include <functional>
#include <queue>
#include <vector>

#include "base/time.h"
#include "sim/event_hash.h"
#include "sim/sim_random.h"

namespace midge::sim {

class SimScheduler {
 public:
  SimScheduler(std::uint64_t seed, MonoTime start) : random_(seed), now_(start) {}

  [[nodiscard]] MonoTime now() const { return now_; }
  void at(MonoTime time, std::function<void()> action);
  void after(Duration delay, std::function<void()> action) { at(now_ + delay, std::move(action)); }
  // The next event happens; false if there is none.
  bool step();
  // The same if it comes by then; else it is `limit` now.
  bool step_until(MonoTime limit);

  // Draws for the environment's own decisions.
  SimRandom& random() { return random_; }
  EventHash& hash() { return hash_; }

 private:
  struct Event {
    MonoTime time;
    std::uint64_t draw;
    std::uint64_t number;
    std::function<void()> action;
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      if (a.time != b.time) return a.time > b.time;
      return a.draw != b.draw ? a.draw > b.draw : a.number > b.number;
    }
  };

  SimRandom random_;
  EventHash hash_;
  MonoTime now_;
  std::priority_queue<Event, std::vector<Event>, Later> events_;
  std::uint64_t next_number_ = 0;
};

}  // namespace midge::sim
