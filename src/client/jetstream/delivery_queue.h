// Deliveries that wait for somebody who takes them.
//
// Thread: any.
#pragma once

#include <deque>
#include <optional>

#include "io/monitor.h"
#include "midge/deadline.h"
#include "midge/delivery.h"

namespace midge::detail {

class DeliveryQueue {
 public:
  void put(const Delivery& delivery);
  // Nothing more will come; the first reason stays.
  void end(const Error& why);
  void clear();
  // Errors: kTimeout, kCancelled; why it has ended, once all are taken.
  Result<Delivery> take(const Deadline& deadline, bool may_wait);
  [[nodiscard]] bool has_ended();

 private:
  io::Monitor monitor_;
  std::deque<Delivery> waiting_;
  std::optional<Error> end_;
};

}  // namespace midge::detail
