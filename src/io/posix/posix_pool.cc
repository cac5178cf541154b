#include "io/posix/posix_pool.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <vector>

#include "io/posix/posix_profiler.h"
#include "io/posix/posix_pulse.h"
#include "io/posix/posix_thread.h"

namespace midge::io {
namespace {

class JobDone final : public Mail {
 public:
  explicit JobDone(std::unique_ptr<Job> job) : job_(std::move(job)) {}
  void arrive(LoopHandler&) override { job_->done(); }

 private:
  std::unique_ptr<Job> job_;
};

struct Submitted {
  Loop* home;
  std::unique_ptr<Job> job;
};

}  // namespace

struct PosixPool::State {
  const PoolSize size;
  const std::string name;
  std::mutex mutex;
  std::condition_variable work_or_stop;
  std::deque<Submitted> waiting;             // those that do not compute
  std::deque<Submitted> waiting_to_compute;  // the others
  std::vector<std::unique_ptr<PosixThread>> threads;
  std::size_t idle = 0;
  unsigned held_up = 0;  // by jobs that do not compute
  unsigned computing = 0;
  bool stopped = false;

  // Whether a thread that is free has something to do.
  [[nodiscard]] std::size_t runnable() const {
    const std::size_t places = size.waiting_max - held_up;
    const std::size_t cores = size.computing_max - computing;
    return std::min(waiting.size(), places) + std::min(waiting_to_compute.size(), cores);
  }

  // Of runnable ones. Short waits go before long sums.
  Submitted take() {
    const bool waits = !waiting.empty() && held_up < size.waiting_max;
    auto& from = waits ? waiting : waiting_to_compute;
    ++(waits ? held_up : computing);
    Submitted taken = std::move(from.front());
    from.pop_front();
    return taken;
  }

  static void run(Job& job, std::optional<PosixPulse>& pulse) {
    if (!job.computes()) return job.run();
    if (!pulse) {
      pulse.emplace();
      PosixProfiler::allow_here();  // not where jobs wait for disks, which signals must not break
    }
    pulse->start();
    job.run();
    pulse->stop();
  }

  void work() {
    std::optional<PosixPulse> pulse;  // of this thread, once it has had to compute
    std::unique_lock lock(mutex);
    while (true) {
      ++idle;
      work_or_stop.wait(lock, [this] { return stopped || runnable() > 0; });
      --idle;
      if (stopped) return;
      Submitted next = take();
      lock.unlock();
      const bool computes = next.job->computes();
      run(*next.job, pulse);
      next.home->post(std::make_unique<JobDone>(std::move(next.job)));
      lock.lock();
      --(computes ? computing : held_up);
    }
  }
};

PosixPool::PosixPool(PoolSize size, std::string name)
    : state_(std::make_unique<State>(size, std::move(name))) {}

PosixPool::~PosixPool() { stop(); }

void PosixPool::submit(Loop& home, std::unique_ptr<Job> job) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->stopped) return;
    auto& queue = job->computes() ? state_->waiting_to_compute : state_->waiting;
    queue.push_back({&home, std::move(job)});
    if (state_->runnable() > state_->idle && state_->threads.size() < state_->size.threads_max)
      state_->threads.push_back(
          std::make_unique<PosixThread>(state_->name, [state = state_.get()] { state->work(); }));
  }
  // Not with the lock, which the thread wants first: on the same core it would come and go again.
  state_->work_or_stop.notify_one();
}

void PosixPool::stop() {
  std::deque<Submitted> undone;
  std::deque<Submitted> uncomputed;
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    undone.swap(state_->waiting);
    uncomputed.swap(state_->waiting_to_compute);
  }
  state_->work_or_stop.notify_all();
  for (const auto& thread : state_->threads) thread->join();
}

}  // namespace midge::io
