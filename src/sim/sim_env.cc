#include "sim/sim_env.h"

#include <algorithm>
#include <map>

#include "base/check.h"

namespace midge::sim {
namespace {

class SimClock final : public io::Clock {
 public:
  SimClock(const SimScheduler& scheduler, Duration ahead) : scheduler_(scheduler), ahead_(ahead) {}
  MonoTime now() override { return scheduler_.now(); }
  WallTime wall() override {
    constexpr std::int64_t kStart = 1'788'000'000'000'000'000;  // some day in 2026
    return WallTime{kStart + scheduler_.now().ns} + ahead_;
  }
  void step(Duration by) { ahead_ = ahead_ + by; }
  [[nodiscard]] Duration ahead() const { return ahead_; }

 private:
  const SimScheduler& scheduler_;
  Duration ahead_;
};

class SimEntropy final : public io::Entropy {
 public:
  SimEntropy(std::uint64_t seed, std::uint64_t salt) : random_(seed), salts_(seed + 1 + salt) {}
  std::uint64_t next() override { return random_.next(); }
  std::uint64_t hash_salt() override { return salts_.next(); }
  void fill(std::span<unsigned char> into) override {
    for (unsigned char& byte : into) byte = static_cast<unsigned char>(random_.next());
  }

 private:
  SimRandom random_;
  SimRandom salts_;
};

class JobDone final : public io::Mail {
 public:
  explicit JobDone(std::unique_ptr<io::Job> job) : job_(std::move(job)) {}
  void arrive(io::LoopHandler&) override { job_->done(); }

 private:
  std::unique_ptr<io::Job> job_;
};

// Jobs run one at a time, after a while.
class SimPool final : public io::Pool {
 public:
  explicit SimPool(SimScheduler& scheduler) : scheduler_(scheduler) {}
  void submit(io::Loop& home, std::unique_ptr<io::Job> job) override {
    if (stopped_) return;
    jobs_.push_back({&home, std::move(job)});
    scheduler_.after(microseconds(scheduler_.random().between(10, 5000)), [this] { run_one(); });
  }
  void stop() {
    stopped_ = true;
    jobs_.clear();
  }

 private:
  struct Submitted {
    io::Loop* home;
    std::unique_ptr<io::Job> job;
  };
  void run_one() {
    if (jobs_.empty()) return;
    std::swap(jobs_.front(), jobs_[scheduler_.random().below(jobs_.size())]);
    Submitted next = std::move(jobs_.front());
    jobs_.pop_front();
    next.job->run();
    next.home->post(std::make_unique<JobDone>(std::move(next.job)));
  }

  SimScheduler& scheduler_;
  std::deque<Submitted> jobs_;
  bool stopped_ = false;
};

// Jobs run side by side, each as if at one moment between being submitted and being done.
class SimDiskPool final : public io::Pool {
 public:
  SimDiskPool(SimScheduler& scheduler, bool stalls) : scheduler_(scheduler), stalls_(stalls) {}
  void submit(io::Loop& home, std::unique_ptr<io::Job> job) override {
    if (stopped_) return;
    const std::uint64_t number = next_number_++;
    jobs_.emplace(number, Submitted{&home, std::move(job)});
    const Duration latency = draw_latency();
    const Duration runs_after{scheduler_.random().between(0, latency.ns)};
    scheduler_.after(runs_after, [this, number, rest = latency - runs_after] {
      const auto found = jobs_.find(number);
      if (found == jobs_.end()) return;
      found->second.job->run();
      scheduler_.after(rest, [this, number] { finish(number); });
    });
  }
  void stop() {
    stopped_ = true;
    jobs_.clear();
  }

 private:
  struct Submitted {
    io::Loop* home;
    std::unique_ptr<io::Job> job;
  };
  // Mostly a good disk's; now and then it has something else to do.
  Duration draw_latency() {
    SimRandom& random = scheduler_.random();
    if (stalls_ && random.one_in(2000)) return milliseconds(random.between(100, 4000));
    if (random.one_in(50)) return microseconds(random.between(1000, 50'000));
    return microseconds(random.between(30, 1000));
  }
  void finish(std::uint64_t number) {
    const auto found = jobs_.find(number);
    if (found == jobs_.end()) return;
    Submitted done = std::move(found->second);
    jobs_.erase(found);
    done.home->post(std::make_unique<JobDone>(std::move(done.job)));
  }

  SimScheduler& scheduler_;
  const bool stalls_;
  std::map<std::uint64_t, Submitted> jobs_;
  std::uint64_t next_number_ = 0;
  bool stopped_ = false;
};

}  // namespace

struct SimEnv::Parts {
  SimClock clock;
  SimEntropy entropy;
  SimPool pool;
  SimDiskPool disk_pool;
};

SimEnv::SimEnv(std::uint64_t seed, SimOptions options)
    : world_(options.world ? options.world : std::make_shared<SimWorld>(seed, options.start)),
      own_disk_(options.disk == nullptr ? std::make_unique<SimDisk>(seed ^ 0xd15c) : nullptr),
      disk_(options.disk == nullptr ? own_disk_.get() : options.disk),
      process_(world_->scheduler, options.loops),
      parts_(new Parts{SimClock(world_->scheduler, options.clock_ahead),
                       SimEntropy(seed ^ 0x5eed, options.salt), SimPool(world_->scheduler),
                       SimDiskPool(world_->scheduler, options.stalls)}),
      stall_one_in_(options.stalls ? options.stall_one_in : 0) {
  disk_->set_hash(&hash());
}

SimEnv::~SimEnv() { disk_->set_hash(nullptr); }

io::Clock& SimEnv::clock() { return parts_->clock; }
void SimEnv::step_clock(Duration by) { parts_->clock.step(by); }
Duration SimEnv::clock_ahead() const { return parts_->clock.ahead(); }
io::Entropy& SimEnv::entropy() { return parts_->entropy; }
io::Pool& SimEnv::pool() { return parts_->pool; }
io::Pool& SimEnv::disk_pool() { return parts_->disk_pool; }

std::span<io::Loop* const> SimEnv::make_loops(unsigned count) {
  ENSURE(loops_.empty() && count >= 1 && count <= kLoopsMax, "loops are made once");
  for (unsigned i = 0; i < count; ++i) {
    loops_.push_back(std::make_unique<SimLoop>(
        world_->scheduler, LoopId{static_cast<std::uint8_t>(i)}, stall_one_in_));
    loop_pointers_.push_back(loops_.back().get());
  }
  return loop_pointers_;
}

void SimEnv::start(std::span<io::LoopHandler* const> handlers) {
  ENSURE(handlers.size() == loops_.size(), "each loop has a handler");
  for (std::size_t i = 0; i < loops_.size(); ++i) loops_[i]->start(*handlers[i]);
}

void SimEnv::start_driven(io::DrivenHandler& handler) {
  ENSURE(loops_.size() == 1, "one loop is driven");
  loops_[0]->start_driven(handler);
}

std::size_t SimEnv::drive(MonoTime until) {
  const bool something_happens = world_->scheduler.step_until(until);
  ENSURE(something_happens || until != MonoTime{INT64_MAX}, "nobody waits for ever");
  return something_happens ? 1 : 0;
}

void SimEnv::stop() {
  for (const auto& loop : loops_) loop->stop();
}

bool SimEnv::ended() const {
  return std::ranges::all_of(loops_, [](const auto& loop) { return loop->ended(); });
}

void SimEnv::join() {
  ENSURE(run_until([this] { return ended(); }, seconds(3600)), "loops end when they are asked to");
  parts_->pool.stop();
  parts_->disk_pool.stop();
}

bool SimEnv::run_until(const std::function<bool()>& condition, Duration at_most) {
  const MonoTime limit = now() + at_most;
  while (!condition()) {
    if (now() > limit || !step()) return false;
  }
  return true;
}

void SimEnv::run_for(Duration time) {
  bool over = false;
  after(time, [&over] { over = true; });
  while (!over && step()) {
  }
}

}  // namespace midge::sim
