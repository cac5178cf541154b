// A timer that most of its owners never arm: until then it takes one pointer. It calls a member
// function: `RareTimer<&Consumer::watch_pause> pause_timer_;` Thread: the owner's loop.
#pragma once

#include <memory>

#include "io/timer.h"
#include "io/timers.h"

namespace midge::jetstream {

template <auto Method>
class RareTimer;
template <class Owner, void (Owner::*Method)()>
class RareTimer<Method> {
 public:
  void arm(io::Timers& timers, Owner& owner, MonoTime at) {
    if (timer_ == nullptr) timer_ = std::make_unique<io::MemberTimer<Method>>(owner);
    timers.arm(*timer_, at);
  }
  void cancel(io::Timers& timers) {
    if (armed()) timers.cancel(*timer_);
  }
  [[nodiscard]] bool armed() const { return timer_ != nullptr && timer_->armed(); }
  // While it is armed.
  [[nodiscard]] MonoTime deadline() const { return timer_->deadline(); }

 private:
  std::unique_ptr<io::MemberTimer<Method>> timer_;
};

}  // namespace midge::jetstream
