#include "io/posix/posix_env.h"

#include <algorithm>

#include "base/check.h"
#include "io/posix/posix_clock.h"
#include "io/posix/posix_disk.h"
#include "io/posix/posix_entropy.h"
#include "io/posix/posix_loop.h"
#include "io/posix/posix_net.h"
#include "io/posix/posix_pool.h"
#include "io/posix/posix_process.h"

namespace midge::io {
namespace {

constexpr unsigned kComputingMax = 4;
// Of those who ask name servers, responders, issuers and resolvers, which may be silent.
constexpr unsigned kWaitingMax = 4;
// Two for each loop, its journal's and another, so that no commit waits for somebody's large file.
constexpr unsigned kDiskThreadsMax = 64;

// One core stays the loops': with a sum on every core, who wakes waits for one of them.
PoolSize size_of_pool(unsigned cores) {
  const unsigned computing = std::clamp(cores - 1, 1U, kComputingMax);
  return {.threads_max = computing + kWaitingMax,
          .waiting_max = kWaitingMax,
          .computing_max = computing};
}

PoolSize size_of_disk_pool(unsigned cores) {
  const unsigned threads = std::clamp(2 * cores + 2, 4U, kDiskThreadsMax);
  return {.threads_max = threads, .waiting_max = threads, .computing_max = threads};
}

class PosixEnv final : public DrivenEnv {
 public:
  explicit PosixEnv(PosixOptions options)
      : process_(std::move(options.argv0)),
        pool_(size_of_pool(process_.cores()), "midge-pool"),
        disk_pool_(size_of_disk_pool(process_.cores()), "midge-disk") {}
  ~PosixEnv() override {
    stop();
    join();
  }

  Clock& clock() override { return clock_; }
  Entropy& entropy() override { return entropy_; }
  Net& net() override { return net_; }
  Disk& disk() override { return disk_; }
  Pool& pool() override { return pool_; }
  Pool& disk_pool() override { return disk_pool_; }
  Process& process() override { return process_; }

  std::span<Loop* const> make_loops(unsigned count) override {
    ENSURE(loops_.empty() && count >= 1 && count <= kLoopsMax, "loops are made once");
    for (unsigned i = 0; i < count; ++i) {
      loops_.push_back(std::make_unique<PosixLoop>(LoopId{static_cast<std::uint8_t>(i)}));
      loop_pointers_.push_back(loops_.back().get());
    }
    return loop_pointers_;
  }

  void start(std::span<LoopHandler* const> handlers) override {
    ENSURE(handlers.size() == loops_.size(), "each loop has a handler");
    for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->start(*handlers[i]);
  }

  void start_driven(DrivenHandler& handler) override {
    ENSURE(loops_.size() == 1, "one loop is driven");
    driven_ = &handler;
    loops_[0]->begin(handler);
  }

  std::size_t drive(MonoTime until) override {
    driven_->on_tick_begin();
    return loops_[0]->drive(until);
  }

  void stop() override {
    for (const auto& loop : loops_) loop->stop();
  }

  void join() override {
    if (driven_ != nullptr) finish_driven();
    for (const auto& loop : loops_)
      while (!loop->try_join_for_a_second()) look_for_stuck_loops();
    pool_.stop();
    disk_pool_.stop();
  }

  void report_stuck_loops(StuckReport report) override { report_ = std::move(report); }

 private:
  // Mail that was posted still arrives.
  void finish_driven() {
    drive(MonoTime{});
    loops_[0]->finish();
    driven_ = nullptr;
  }
  void look_for_stuck_loops() {
    reported_.resize(loops_.size());
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      const LoopLoad load = loops_[i]->load();
      if (load.stuck_ns < kStuckAfter.ns) {
        reported_[i] = false;
      } else if (!reported_[i] && report_) {
        reported_[i] = true;
        report_(loops_[i]->id(), load);
      }
    }
  }

  DrivenHandler* driven_ = nullptr;
  StuckReport report_;
  std::vector<bool> reported_;  // by loop: its present tick was reported
  PosixClock clock_;
  PosixEntropy entropy_;
  PosixNet net_;
  PosixDisk disk_;
  std::vector<std::unique_ptr<PosixLoop>> loops_;  // before what refers to them
  std::vector<Loop*> loop_pointers_;
  PosixProcess process_;
  PosixPool pool_;
  PosixPool disk_pool_;
};

}  // namespace

std::unique_ptr<Env> make_posix_env(PosixOptions options) {
  return std::make_unique<PosixEnv>(std::move(options));
}

std::unique_ptr<DrivenEnv> make_driven_posix_env(PosixOptions options) {
  return std::make_unique<PosixEnv>(std::move(options));
}

}  // namespace midge::io
