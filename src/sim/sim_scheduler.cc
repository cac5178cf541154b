#include "sim/sim_scheduler.h"

#include <algorithm>
#include <utility>

namespace midge::sim {

void SimScheduler::at(MonoTime time, std::function<void()> action) {
  events_.push({std::max(time, now_), random_.next(), next_number_++, std::move(action)});
}

bool SimScheduler::step() {
  if (events_.empty()) return false;
  // The queue hands out const references; the event is taken off right after.
  auto action = std::move(const_cast<Event&>(events_.top()).action);
  now_ = events_.top().time;
  events_.pop();
  action();
  return true;
}

bool SimScheduler::step_until(MonoTime limit) {
  if (!events_.empty() && events_.top().time <= limit) return step();
  now_ = std::max(now_, limit);
  return false;
}

}  // namespace midge::sim
