#include "broker/memory_budget.h"

namespace midge::broker {

MemoryBudget::Level MemoryBudget::saw(std::int64_t bytes) {
  used_.store(bytes, std::memory_order_relaxed);
  return level_.exchange(level_for(bytes, level()), std::memory_order_relaxed);
}

MemoryBudget::Level MemoryBudget::level_for(std::int64_t bytes, Level before) const {
  if (!is_limited()) return Level::kEasy;
  const std::int64_t full = limit() - margin(), tight = full - margin(), step = margin() / 4;
  if (bytes > (before == Level::kFull ? full - step : full)) return Level::kFull;
  if (bytes > (before == Level::kEasy ? tight : tight - step)) return Level::kTight;
  return Level::kEasy;
}

bool MemoryBudget::is_exhausted() const {
  return is_limited() && used() > limit() - margin() * 4 / 5;
}

std::int64_t MemoryBudget::excess() const { return used() - (limit() - margin() - margin() / 4); }

}  // namespace midge::broker
