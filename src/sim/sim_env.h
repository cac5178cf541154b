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

#include "io/env.h"
#include "sim/sim_disk.h"
#include "sim/sim_loop.h"
#include "sim/sim_net.h"
#include "sim/sim_process.h"
#include "sim/sim_scheduler.h"

namespace midge::sim {

struct SimOptions {
  unsigned loops = 2;       // what the process says its cores are
  std::uint64_t salt = 0;   // of hash tables: must change nothing that happens
  SimDisk* disk = nullptr;  // one that was there before and stays; else there is one of its own
  MonoTime start = MonoTime{} + seconds(1000);  // after what was there before
  Duration clock_ahead{};                       // of where the wall clock is elsewise at `start`
  bool stalls = true;  // now and then a loop or the disk stands still for seconds
};

class SimEnv final : public io::Env {
 public:
  explicit SimEnv(std::uint64_t seed, SimOptions options = {});
  ~SimEnv() override;

  io::Clock& clock() override;
  io::Entropy& entropy() override;
  io::Net& net() override { return net_; }
  SimDisk& disk() override { return *disk_; }
  io::Pool& pool() override;
  io::Pool& disk_pool() override;
  io::Process& process() override { return process_; }
  std::span<io::Loop* const> make_loops(unsigned count) override;
  void start(std::span<io::LoopHandler* const> handlers) override;
  void stop() override;
  void join() override;
  // No tick takes time here; the workload asserts its bound in deliveries.
  void report_stuck_loops(StuckReport) override {}

  // The next event happens; false if nothing will ever happen again.
  bool step() { return scheduler_.step(); }
  // True once `condition` holds; false if `at_most` of virtual time passed before.
  bool run_until(const std::function<bool()>& condition, Duration at_most);
  void run_for(Duration time);
  [[nodiscard]] MonoTime now() const { return scheduler_.now(); }
  // Events of the workload in virtual time.
  void after(Duration delay, std::function<void()> action) {
    scheduler_.after(delay, std::move(action));
  }

  std::unique_ptr<SimSocket> connect(int port) {
    return net_.connect(static_cast<std::uint16_t>(port));
  }
  // Somebody sets the wall clock.
  void step_clock(Duration by);
  [[nodiscard]] Duration clock_ahead() const;
  void raise(io::Signal signal) { process_.raise(signal); }

  [[nodiscard]] std::uint64_t event_hash() const { return scheduler_.hash().value(); }
  [[nodiscard]] std::uint64_t event_count() const { return scheduler_.hash().count(); }
  EventHash& hash() { return scheduler_.hash(); }
  // A stream of draws for the workload.
  SimRandom fork_random() { return scheduler_.random().fork(); }

 private:
  struct Parts;
  mutable SimScheduler scheduler_;
  SimNet net_;
  std::unique_ptr<SimDisk> own_disk_;
  SimDisk* disk_;
  SimProcess process_;
  std::unique_ptr<Parts> parts_;
  const bool stalls_;
  std::vector<std::unique_ptr<SimLoop>> loops_;
  std::vector<io::Loop*> loop_pointers_;
};

}  // namespace midge::sim
