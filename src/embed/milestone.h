// Something that comes once, or not at all, and threads that wait for it. Thread: any.
#pragma once

#include <optional>
#include <utility>

#include "base/result.h"
#include "client/patience.h"
#include "io/monitor.h"

namespace midge::embed {

class Milestone {
 public:
  // The first outcome is the one.
  void reach(Result<void> outcome = {}) {
    const io::Monitor::Lock lock(monitor_);
    if (!outcome_) outcome_ = std::move(outcome);
    monitor_.tell();
  }
  // Errors: kTimeout, kCancelled, or the outcome's.
  Result<void> wait(const Deadline& deadline) {
    detail::Patience patience(monitor_, deadline);
    io::Monitor::Lock lock(monitor_);
    while (!outcome_)
      if (!patience.wait(lock) && !outcome_) return patience.error();
    if (!*outcome_) return outcome_->error();
    return {};
  }

 private:
  io::Monitor monitor_;
  std::optional<Result<void>> outcome_;
};

}  // namespace midge::embed
