// Goal: what computes on the pool is made to give way, and what waits is left alone.
// Method: jobs that count how often they were interrupted.
#include "io/posix/posix_pulse.h"

#include <future>
#include <memory>
#include <mutex>

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
  PosixPool pool({.threads_max = 1, .computing_max = 1}, "test-pool");
  CHECK(beats_after(pool, home, false) == 0);
  const std::uint64_t beats = beats_after(pool, home, true);
  CHECK(beats >= 3);
  // Whatever came at the job's very end came before this one.
  const std::uint64_t stopped = beats_after(pool, home, false);
  CHECK(stopped >= beats);
  CHECK(beats_after(pool, home, false) == stopped);
  CHECK(beats_after(pool, home, true) >= stopped + 3);
}

}  // namespace
}  // namespace midge::io
