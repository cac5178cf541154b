// The simulated environment: loops, clock, network, files and randomness from one seed, all on the
// calling thread. Nothing happens but in step().
//
//   SimEnv env(seed, {.loops = 2});
//   auto server = midge::server::Server::create(env, log, options);  (*server)->go();
//   auto socket = env.connect((*server)->port());
//   env.run_until([&] { return … ; }, seconds(10));
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "io/driven_env.h"
#include "sim/sim_disk.h"
#include "sim/sim_loop.h"
#include "sim/sim_net.h"
#include "sim/sim_process.h"
#include "sim/sim_scheduler.h"

namespace midge::sim {

// Time and the network, which several environments may share as processes do.
struct SimWorld {
  SimWorld(std::uint64_t seed, MonoTime start) : scheduler(seed, start) {}
  SimScheduler scheduler;
  SimNet net{scheduler};
};

struct SimOptions {
  unsigned loops = 2;       // what the process says its cores are
  std::uint64_t salt = 0;   // of hash tables: must change nothing that happens
  SimDisk* disk = nullptr;  // one that was there before and stays; else there is one of its own
  MonoTime start = MonoTime{} + seconds(1000);  // after what was there before
  Duration clock_ahead{};                       // of where the wall clock is elsewise at `start`
  bool stalls = true;                    // now and then a loop or the disk stands still for seconds
  std::uint64_t stall_one_in = 5000;     // of a loop's ticks, if it stalls
  std::shared_ptr<SimWorld> world = {};  // else one of its own, from `start` on
};

// One that shares its world is not destroyed before nothing happens there any more.
class SimEnv final : public io::DrivenEnv {
 public:
  explicit SimEnv(std::uint64_t seed, SimOptions options = {});
  ~SimEnv() override;

  io::Clock& clock() override;
  io::Entropy& entropy() override;
  SimNet& net() override { return world_->net; }
  SimDisk& disk() override { return *disk_; }
  io::Pool& pool() override;
  io::Pool& disk_pool() override;
  io::Process& process() override { return process_; }
  std::span<io::Loop* const> make_loops(unsigned count) override;
  void start(std::span<io::LoopHandler* const> handlers) override;
  void start_driven(io::DrivenHandler& handler) override;
  // The next event, whoever's it is.
  std::size_t drive(MonoTime until) override;
  void stop() override;
  void join() override;
  // All loops have come to their end.
  [[nodiscard]] bool ended() const;
  // No tick takes time here; the workload asserts its bound in deliveries.
  void report_stuck_loops(StuckReport) override {}

  // The next event happens; false if nothing will ever happen again.
  bool step() { return world_->scheduler.step(); }
  // True once `condition` holds; false if `at_most` of virtual time passed before.
  bool run_until(const std::function<bool()>& condition, Duration at_most);
  void run_for(Duration time);
  [[nodiscard]] MonoTime now() const { return world_->scheduler.now(); }
  // Events of the workload in virtual time.
  void after(Duration delay, std::function<void()> action) {
    world_->scheduler.after(delay, std::move(action));
  }

  std::unique_ptr<SimSocket> connect(int port) {
    return world_->net.connect(static_cast<std::uint16_t>(port));
  }
  // Somebody sets the wall clock.
  void step_clock(Duration by);
  [[nodiscard]] Duration clock_ahead() const;
  void raise(io::Signal signal) { process_.raise(signal); }

  [[nodiscard]] std::uint64_t event_hash() const { return world_->scheduler.hash().value(); }
  [[nodiscard]] std::uint64_t event_count() const { return world_->scheduler.hash().count(); }
  EventHash& hash() { return world_->scheduler.hash(); }
  // A stream of draws for the workload.
  SimRandom fork_random() { return world_->scheduler.random().fork(); }
  [[nodiscard]] const std::shared_ptr<SimWorld>& world() const { return world_; }

 private:
  struct Parts;
  const std::shared_ptr<SimWorld> world_;
  std::unique_ptr<SimDisk> own_disk_;
  SimDisk* disk_;
  SimProcess process_;
  std::unique_ptr<Parts> parts_;
  const std::uint64_t stall_one_in_;
  std::vector<std::unique_ptr<SimLoop>> loops_;
  std::vector<io::Loop*> loop_pointers_;
};

}  // namespace midge::sim
