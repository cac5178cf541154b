#include "sim/sim_wire.h"

#include <algorithm>
#include <cstring>

namespace midge::sim {

std::size_t SimWire::write(std::string_view bytes) {
  SimRandom& random = scheduler_.random();
  std::size_t count = std::min(bytes.size(), room());
  if (count > 1 && random.one_in(4)) count = 1 + random.below(count);
  if (count == 0) return 0;
  flying_.emplace_back(bytes.substr(0, count));
  under_way_ += count;
  later(next_arrival(), &SimWire::arrive);
  return count;
}

std::size_t SimWire::read(std::span<char> into) {
  SimRandom& random = scheduler_.random();
  std::size_t count = std::min(into.size(), arrived_.size());
  if (count > 1 && random.one_in(3)) count = 1 + random.below(count);
  std::memcpy(into.data(), arrived_.data(), count);
  arrived_.erase(0, count);
  if (count > 0 && on_room) on_room();
  return count;
}

void SimWire::finish() {
  if (finished_) return;
  finished_ = true;
  later(next_arrival(), &SimWire::end);
}

void SimWire::break_up() {
  finished_ = true;
  later(next_arrival(), &SimWire::break_now);
}

void SimWire::cut() {
  finished_ = true;
  break_now();
}

void SimWire::stop_reading() { later(scheduler_.now() + nature_.latency, &SimWire::refuse); }

// In order, with the odd packet that is late and holds up all behind it.
MonoTime SimWire::next_arrival() {
  SimRandom& random = scheduler_.random();
  Duration delay = nature_.latency + microseconds(random.between(0, 20));
  if (random.one_in(500)) delay = delay + milliseconds(random.between(1, 300));
  last_arrival_ = std::max(last_arrival_, scheduler_.now() + delay);
  return last_arrival_;
}

void SimWire::later(MonoTime time, void (SimWire::*what)()) {
  scheduler_.at(time, [self = shared_from_this(), what] { ((*self).*what)(); });
}

// Bytes are told apart by order only: events of one moment come in any order, and any of them may
// bring the next bytes in.
void SimWire::arrive() {
  const std::string bytes = std::move(flying_.front());
  flying_.pop_front();
  under_way_ -= bytes.size();
  if (!refused_ && !broken_ && !swallows_) arrived_ += bytes;
  scheduler_.hash().add(SimEvent::kArrival, bytes.size());
  if (on_arrival) on_arrival();
}

void SimWire::end() {
  // The end may have been drawn before the last bytes of the same moment.
  if (!flying_.empty()) return later(scheduler_.now() + nanoseconds(1), &SimWire::end);
  ended_ = !swallows_;
  if (on_arrival) on_arrival();
}

void SimWire::break_now() {
  broken_ = !swallows_;
  arrived_.clear();
  if (on_arrival) on_arrival();
}

void SimWire::refuse() {
  refused_ = !swallows_;
  arrived_.clear();
  if (on_room) on_room();
}

}  // namespace midge::sim
