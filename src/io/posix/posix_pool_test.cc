// Goal: sums leave cores to the loops, and hold up nobody who only waits.
// Method: jobs that end when others have begun.
#include "io/posix/posix_pool.h"

#include <atomic>
#include <functional>
#include <future>
#include <memory>

#include <doctest/doctest.h>

#include "io/posix/nowhere_loop.h"

namespace midge::io {
namespace {

class Work final : public Job {
 public:
  Work(bool computes, std::function<void()> action)
      : computes_(computes), action_(std::move(action)) {}
  [[nodiscard]] bool computes() const override { return computes_; }
  void run() override { action_(); }
  void done() override {}

 private:
  const bool computes_;
  const std::function<void()> action_;
};

TEST_CASE("of jobs that compute only so many run at once, and others pass them") {
  NowhereLoop home;
  std::promise<void> passed;
  std::promise<bool> was_alone;
  std::atomic<bool> first_runs = false;
  PosixPool pool({.threads_max = 3, .waiting_max = 3, .computing_max = 1}, "test");
  pool.submit(home, std::make_unique<Work>(true, [&] {
                first_runs = true;
                passed.get_future().wait();
                first_runs = false;
              }));
  pool.submit(home, std::make_unique<Work>(true, [&] { was_alone.set_value(!first_runs); }));
  for (int i = 0; i < 200; ++i) {  // long enough for the second to begin if it could
    std::promise<void> ran;
    pool.submit(home, std::make_unique<Work>(false, [&] { ran.set_value(); }));
    ran.get_future().wait();
  }
  passed.set_value();
  CHECK(was_alone.get_future().get());
}

TEST_CASE("jobs that wait for somebody silent hold up others that wait, and none that compute") {
  NowhereLoop home;
  std::promise<void> answer;
  const std::shared_future<void> answered = answer.get_future().share();
  std::promise<void> computed, last;
  std::atomic<bool> last_runs = false;
  PosixPool pool({.threads_max = 3, .waiting_max = 2, .computing_max = 1}, "test");
  for (int i = 0; i < 2; ++i)
    pool.submit(home, std::make_unique<Work>(false, [&] { answered.wait(); }));
  pool.submit(home, std::make_unique<Work>(false, [&] {
                last_runs = true;
                last.set_value();
              }));
  pool.submit(home, std::make_unique<Work>(true, [&] { computed.set_value(); }));
  computed.get_future().wait();
  CHECK_FALSE(last_runs);
  answer.set_value();
  last.get_future().wait();
}

}  // namespace
}  // namespace midge::io
