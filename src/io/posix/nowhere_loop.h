// For tests of what posts to a loop, where nobody awaits it there.
#pragma once

#include "io/loop.h"
#include "io/timers.h"

namespace midge::io {

// A loop that nothing comes back to.
class NowhereLoop final : public Loop {
 public:
  [[nodiscard]] LoopId id() const override { return LoopId{0}; }
  void post(std::unique_ptr<Mail>) override {}
  [[nodiscard]] LoopLoad load() const override { return {}; }
  [[nodiscard]] MonoTime now() const override { return {}; }
  void drain_mail() override {}
  Timers& timers() override { return timers_; }
  void tick_again() override {}
  void give_way_and_tick_again() override {}
  void tick_by(MonoTime) override {}
  void schedule(Turn&) override {}

 private:
  Timers timers_{MonoTime{}};
};

}  // namespace midge::io
