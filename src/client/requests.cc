#include "client/requests.h"

#include <utility>

namespace midge::detail {

RequestToken Requests::add(OnAnswer done, std::optional<MonoTime> until, bool ends_with_link) {
  const io::Monitor::Lock lock(monitor_);
  if (free_.empty()) {
    const auto index = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back(*this, index);
    free_.push_back(index);
  }
  Slot& slot = slots_[free_.back()];
  free_.pop_back();
  slot.done = std::move(done);
  slot.ends_with_link = ends_with_link;
  const auto next = timers_.next_wake();
  if (until) timers_.arm(slot, *until);
  return {.slot = slot.index,
          .generation = slot.generation,
          .is_next = until && (!next || *until < *next)};
}

OnAnswer Requests::take_from(Slot& slot) {
  timers_.cancel(slot);
  ++slot.generation;
  free_.push_back(slot.index);
  return std::exchange(slot.done, nullptr);
}

OnAnswer Requests::take(RequestToken token) {
  const io::Monitor::Lock lock(monitor_);
  if (token.slot >= slots_.size()) return {};
  Slot& slot = slots_[token.slot];
  if (slot.generation != token.generation || !slot.done) return {};
  return take_from(slot);
}

void Requests::Slot::on_timer() { owner.expired_->push_back(owner.take_from(*this)); }

std::vector<OnAnswer> Requests::expire(MonoTime now) {
  std::vector<OnAnswer> expired;
  const io::Monitor::Lock lock(monitor_);
  expired_ = &expired;
  timers_.expire(now);
  expired_ = nullptr;
  return expired;
}

std::vector<OnAnswer> Requests::take_all() {
  std::vector<OnAnswer> all;
  const io::Monitor::Lock lock(monitor_);
  for (Slot& slot : slots_)
    if (slot.done) all.push_back(take_from(slot));
  return all;
}

std::vector<OnAnswer> Requests::take_lost() {
  std::vector<OnAnswer> lost;
  const io::Monitor::Lock lock(monitor_);
  for (Slot& slot : slots_)
    if (slot.done && slot.ends_with_link) lost.push_back(take_from(slot));
  return lost;
}

std::optional<MonoTime> Requests::next_expiry() {
  const io::Monitor::Lock lock(monitor_);
  return timers_.next_wake();
}

}  // namespace midge::detail
