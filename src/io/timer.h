// Timers of one loop: intrusive, so that arming one allocates nothing.
//
// Thread: the loop's. A Timer that dies while armed disarms itself. Resolution is a millisecond; a
// timer never fires early. Timers due in one tick fire in order of deadline, then of arming.
#pragma once

#include <cstdint>

#include "base/time.h"

namespace midge::io {

class Timers;

class Timer {
 public:
  Timer() = default;
  virtual ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool armed() const { return timers_ != nullptr; }
  [[nodiscard]] MonoTime deadline() const { return deadline_; }

 protected:
  // Called on the loop's thread, disarmed; it may arm itself again or destroy itself.
  virtual void on_timer() = 0;

 private:
  friend class Timers;
  Timers* timers_ = nullptr;
  Timer* previous_ = nullptr;
  Timer* next_ = nullptr;
  MonoTime deadline_{};
  std::uint32_t order_ = 0;  // of arming, modulo 2^32
  std::uint16_t bucket_ = 0;
};

// A timer that calls a member function of its owner: `MemberTimer<&Client::on_ping> ping_{*this};`
template <auto Method>
class MemberTimer;
template <class Owner, void (Owner::*Method)()>
class MemberTimer<Method> final : public Timer {
 public:
  explicit MemberTimer(Owner& owner) : owner_(&owner) {}

 private:
  void on_timer() override { (owner_->*Method)(); }
  Owner* owner_;
};

}  // namespace midge::io
