// Goal: what computes on the pool is made to give way, and what waits is left alone.
// Method: jobs that count how often they were interrupted.
#include "io/posix/posix_pulse.h"

#include <time.h>

#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include "io/posix/nowhere_loop.h"
#include "io/posix/posix_pool.h"

namespace midge::io {
namespace {

// Computes until it has been interrupted three times. The lock is where ThreadSanitizer lets a
// signal in.
void compute() {
  std::mutex mutex;
  const std::uint64_t before = PosixPulse::beats();
  while (PosixPulse::beats() < before + 3) const std::lock_guard lock(mutex);
}

class Work final : public Job {
 public:
  Work(bool computes, std::promise<std::uint64_t>& ran) : computes_(computes), ran_(ran) {}
  [[nodiscard]] bool computes() const override { return computes_; }
  void run() override {
    if (computes_) compute();
    ran_.set_value(PosixPulse::beats());
  }
  void done() override {}

 private:
  const bool computes_;
  std::promise<std::uint64_t>& ran_;
};

std::uint64_t beats_after(PosixPool& pool, Loop& home, bool computes) {
  std::promise<std::uint64_t> ran;
  pool.submit(home, std::make_unique<Work>(computes, ran));
  return ran.get_future().get();
}

TEST_CASE("a job that computes is interrupted, one that does not is not") {
  NowhereLoop home;
  PosixPool pool({.threads_max = 1, .waiting_max = 1, .computing_max = 1}, "test-pool");
  CHECK(beats_after(pool, home, false) == 0);
  const std::uint64_t beats = beats_after(pool, home, true);
  CHECK(beats >= 3);
  // Whatever came at the job's very end came before this one.
  const std::uint64_t stopped = beats_after(pool, home, false);
  CHECK(stopped >= beats);
  CHECK(beats_after(pool, home, false) == stopped);
  CHECK(beats_after(pool, home, true) >= stopped + 3);
}

std::int64_t own_cpu_ns() {
  timespec used{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
  return used.tv_sec * 1'000'000'000 + used.tv_nsec;
}

TEST_CASE("whoever gives way to programs that want all cores gets on with its own work") {
  constexpr std::int64_t kWorkNs = 4'000'000;
  constexpr std::uint64_t kBeatsMax = 200;  // of 20 that are due; in vain there are thousands
  std::atomic<bool> done = false;
  std::vector<std::thread> others;
  for (unsigned i = 0; i < 2 * std::thread::hardware_concurrency(); ++i)
    others.emplace_back([&done] {
      while (!done.load(std::memory_order_relaxed)) {
      }
    });
  std::uint64_t beats = 0;
  std::thread([&beats] {
    PosixPulse pulse;
    const std::int64_t end = own_cpu_ns() + kWorkNs;
    pulse.start();
    std::mutex mutex;
    while (own_cpu_ns() < end) const std::lock_guard lock(mutex);
    pulse.stop();
    beats = PosixPulse::beats();
  }).join();
  done = true;
  for (std::thread& other : others) other.join();
  CHECK(beats < kBeatsMax);
}

}  // namespace
}  // namespace midge::io
