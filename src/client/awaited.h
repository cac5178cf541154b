// Somebody who waits for one thing, which another thread brings.
#pragma once

#include <optional>
#include <utility>

#include "client/patience.h"

namespace midge::detail {

template <class T>
class Awaited {
 public:
  void come(T thing) {
    const io::Monitor::Lock lock(monitor_);
    thing_ = std::move(thing);
    monitor_.tell();
  }
  // nullopt: `deadline` is over, with why in `error`.
  std::optional<T> wait(const Deadline& deadline, std::optional<Error>& error) {
    Patience patience(monitor_, deadline);
    io::Monitor::Lock lock(monitor_);
    while (!thing_) {
      if (patience.wait(lock) || thing_) continue;
      error = patience.error();
      return std::nullopt;
    }
    return std::move(thing_);
  }
  // It comes for sure, and soon.
  T wait() {
    io::Monitor::Lock lock(monitor_);
    while (!thing_) monitor_.wait(lock);
    return *std::move(thing_);
  }

 private:
  io::Monitor monitor_;
  std::optional<T> thing_;
};

}  // namespace midge::detail
