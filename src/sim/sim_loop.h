// A loop in virtual time. Many of them take turns on one thread: between two ticks of one, others
// may have any number, and a tick may take long.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "io/driven_env.h"
#include "io/loop.h"
#include "sim/sim_scheduler.h"

namespace midge::sim {

// What a loop asks at each tick: streams and listeners.
class SimReady {
 public:
  [[nodiscard]] virtual bool ready() const = 0;
  virtual void on_ready() = 0;

 protected:
  ~SimReady() = default;
};

class SimLoop final : public io::Loop {
 public:
  SimLoop(SimScheduler& scheduler, LoopId id, std::uint64_t stall_one_in);
  ~SimLoop() override;

  [[nodiscard]] LoopId id() const override { return id_; }
  void post(std::unique_ptr<io::Mail> mail) override;
  [[nodiscard]] io::LoopLoad load() const override;
  [[nodiscard]] MonoTime now() const override { return now_; }
  void drain_mail() override;
  io::Timers& timers() override { return timers_; }
  void tick_again() override;
  void give_way_and_tick_again() override { tick_again(); }
  void tick_by(MonoTime at) override;
  void schedule(io::Turn& turn) override;

  void start(io::LoopHandler& handler);
  void start_driven(io::DrivenHandler& handler);
  void stop();
  [[nodiscard]] bool ended() const { return ended_; }

  void add(SimReady& source);
  void remove(SimReady& source);
  // Something may have become ready: a tick comes soon.
  void wake();

 private:
  void tick_at(MonoTime time);
  void tick();
  void dispatch();
  void end();
  [[nodiscard]] bool has_work() const;
  [[nodiscard]] Duration tick_cost();

  SimScheduler& scheduler_;
  const LoopId id_;
  const std::uint64_t stall_one_in_;  // of ticks; 0 = none
  io::LoopHandler* handler_ = nullptr;
  io::DrivenHandler* driven_ = nullptr;  // the same, if it is one
  MonoTime now_;
  io::Timers timers_;
  io::TurnList turns_;
  std::deque<std::unique_ptr<io::Mail>> mailbox_;
  std::vector<SimReady*> sources_;
  std::vector<SimReady*> batch_;  // what this tick still has to dispatch
  std::optional<MonoTime> next_tick_;
  MonoTime busy_until_{};          // the present tick takes this long
  std::uint64_t tick_number_ = 0;  // of the tick that is planned: an older plan is void
  std::uint64_t ticks_ = 0;
  bool in_tick_ = false;
  bool again_ = false;
  std::optional<MonoTime> tick_by_;
  bool stopping_ = false;
  bool ended_ = false;
};

}  // namespace midge::sim
