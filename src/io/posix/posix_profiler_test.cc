// Goal: samples of threads that compute, named; none of those that may not be disturbed. Method: a
// thread that computes until it has been seen.
#include "io/posix/posix_profiler.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>

#include "io/posix/posix_thread.h"

namespace midge::io {

// Not in an unnamed namespace: its name is looked for.
__attribute__((noinline)) void compute_until(const std::atomic<bool>& over,
                                             std::atomic<std::uint64_t>& sum) {
  while (!over.load()) sum.fetch_add(1, std::memory_order_relaxed);
}

namespace {

struct Computing {
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> sum{0};
  PosixThread thread;

  explicit Computing(bool allowed)
      : thread("computing", [this, allowed] {
          if (allowed) PosixProfiler::allow_here();
          compute_until(over, sum);
        }) {
    while (sum.load() == 0) {
    }
  }
  ~Computing() { over = true; }
};

bool names_compute(Profiler& profiler, const std::vector<StackSample>& samples) {
  return std::ranges::any_of(samples, [&](const StackSample& sample) {
    const auto names = profiler.functions(sample.addresses);
    return std::ranges::any_of(names, [](const std::string& name) {
      return name.find("compute_until") != std::string::npos;
    });
  });
}

// More work for the one that is sampled than many samples take.
void wait_for_work(const Computing& computing) {
  const std::uint64_t enough = computing.sum.load() + 50'000'000;
  while (computing.sum.load() < enough) {
  }
}

TEST_CASE("profiler: where the time of threads goes") {
  PosixProfiler profiler;
  Computing computing(true);
  REQUIRE(profiler.start(milliseconds(1), seconds(5)));
  CHECK(profiler.start(milliseconds(1), seconds(5)).error().text() ==
        "cpu profiling already in use");
  wait_for_work(computing);
  const auto samples = profiler.stop();
  REQUIRE(!samples.empty());
  CHECK(names_compute(profiler, samples));
  CHECK(profiler.stop().empty());
  // Once more, from the start.
  REQUIRE(profiler.start(milliseconds(1), seconds(5)));
  CHECK(profiler.stop().size() < samples.size());
}

TEST_CASE("profiler: where threads are now") {
  PosixProfiler profiler;
  const Computing computing(true);
  const auto samples = profiler.look();
  REQUIRE(samples);
  CHECK(names_compute(profiler, *samples));
}

TEST_CASE("profiler: threads that have not allowed it are left alone") {
  PosixProfiler profiler;
  Computing computing(false);
  REQUIRE(profiler.start(milliseconds(1), seconds(5)));
  wait_for_work(computing);
  CHECK_FALSE(names_compute(profiler, profiler.stop()));
}

TEST_CASE("profiler: code lies where functions do") {
  PosixProfiler profiler;
  const auto here = reinterpret_cast<std::uint64_t>(&compute_until);
  const auto code = profiler.code();
  CHECK(std::ranges::any_of(code, [here](const CodeRange& range) {
    return here >= range.start && here < range.end && range.file.find("io_test") != range.file.npos;
  }));
  CHECK(profiler.functions({1}) == std::vector<std::string>{""});
}

}  // namespace
}  // namespace midge::io
