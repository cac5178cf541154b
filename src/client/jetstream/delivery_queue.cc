#include "client/jetstream/delivery_queue.h"

#include <utility>

#include "client/patience.h"

namespace midge::detail {

void DeliveryQueue::put(const Delivery& delivery) {
  const io::Monitor::Lock lock(monitor_);
  if (end_) return;
  waiting_.push_back(delivery);
  monitor_.tell();
}

void DeliveryQueue::end(const Error& why) {
  const io::Monitor::Lock lock(monitor_);
  if (!end_) end_ = why;
  monitor_.tell();
}

void DeliveryQueue::clear() {
  const io::Monitor::Lock lock(monitor_);
  waiting_.clear();
}

Result<Delivery> DeliveryQueue::take(const Deadline& deadline, bool may_wait) {
  Patience patience(monitor_, deadline);
  io::Monitor::Lock lock(monitor_);
  while (waiting_.empty()) {
    if (end_) return *end_;
    if (deadline.timeout.count() > 0 && !may_wait) return waits_for_itself();
    if (!patience.wait(lock) && waiting_.empty()) return end_ ? *end_ : patience.error();
  }
  Delivery delivery = std::move(waiting_.front());
  waiting_.pop_front();
  return delivery;
}

bool DeliveryQueue::has_ended() {
  const io::Monitor::Lock lock(monitor_);
  return end_.has_value();
}

}  // namespace midge::detail
