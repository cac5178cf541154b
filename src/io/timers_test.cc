// Goal: timers fire once, never early, in order of deadline and then of arming, on every level of
// the wheel. Method: tables, and random operations against a sorted list as the model.
#include "io/timers.h"

#include <doctest/doctest.h>

#include <functional>
#include <memory>

using namespace midge;
using namespace midge::io;

namespace {

class TestTimer final : public Timer {
 public:
  explicit TestTimer(std::function<void(TestTimer&)> action) : action_(std::move(action)) {}

 private:
  void on_timer() override { action_(*this); }
  std::function<void(TestTimer&)> action_;
};

MonoTime at_ms(std::int64_t ms) { return MonoTime{} + milliseconds(ms); }

}  // namespace

TEST_CASE("a timer fires at its millisecond and not before, on every level") {
  for (const std::int64_t ms : {1LL, 63LL, 64LL, 65LL, 4095LL, 4096LL, 262144LL, 16777216LL,
                                86'400'000LL, 31'536'000'000LL, 1'000'000'000'000LL}) {
    for (const std::int64_t start : {0LL, 1LL, 63LL, 64LL, 1'000'000LL}) {
      CAPTURE(ms);
      CAPTURE(start);
      Timers timers(at_ms(start));
      int fired = 0;
      TestTimer timer([&](TestTimer&) { ++fired; });
      timers.arm(timer, at_ms(start + ms));
      CHECK(timers.next_wake());
      CHECK(*timers.next_wake() <= at_ms(start + ms));
      CHECK(timers.expire(at_ms(start + ms) - nanoseconds(1)) == 0);
      CHECK(timer.armed());
      CHECK(timers.expire(at_ms(start + ms)) == 1);
      CHECK(fired == 1);
      CHECK_FALSE(timer.armed());
      CHECK_FALSE(timers.next_wake());
    }
  }
}

TEST_CASE("a deadline within a millisecond waits for its end") {
  Timers timers(at_ms(0));
  TestTimer timer([](TestTimer&) {});
  timers.arm(timer, at_ms(5) + nanoseconds(1));
  CHECK(timers.expire(at_ms(5) + nanoseconds(999'999)) == 0);
  CHECK(timers.expire(at_ms(6)) == 1);
}

TEST_CASE("a deadline that has passed fires at the next millisecond") {
  Timers timers(at_ms(127));
  TestTimer timer([](TestTimer&) {});
  timers.arm(timer, at_ms(3));
  CHECK(timers.expire(at_ms(127)) == 0);
  CHECK(timers.expire(at_ms(128)) == 1);
}

TEST_CASE("timers due together fire by deadline, then by arming") {
  Timers timers(at_ms(0));
  std::vector<int> order;
  std::vector<std::unique_ptr<TestTimer>> all;
  const auto add = [&](int name, MonoTime deadline) {
    all.push_back(
        std::make_unique<TestTimer>([&order, name](TestTimer&) { order.push_back(name); }));
    timers.arm(*all.back(), deadline);
  };
  add(4, at_ms(100) + microseconds(5));
  add(5, at_ms(100) + microseconds(5));
  add(2, at_ms(100) + microseconds(1));
  add(6, at_ms(5000));
  add(1, at_ms(7));
  add(3, at_ms(100) + microseconds(1));
  CHECK(timers.expire(at_ms(6000)) == 6);
  CHECK(order == std::vector{1, 2, 3, 4, 5, 6});
}

TEST_CASE("an event may cancel, rearm, move and destroy timers") {
  Timers timers(at_ms(0));
  std::vector<int> order;
  auto doomed = std::make_unique<TestTimer>([&](TestTimer&) { order.push_back(-1); });
  TestTimer cancelled([&](TestTimer&) { order.push_back(-2); });
  TestTimer moved([&](TestTimer&) { order.push_back(9); });
  TestTimer first([&](TestTimer& self) {
    order.push_back(1);
    doomed.reset();
    timers.cancel(cancelled);
    if (order.size() == 1) timers.arm(moved, at_ms(50));
    if (order.size() < 3) timers.arm(self, at_ms(1));  // has passed: not in this round again
  });
  timers.arm(first, at_ms(10));
  timers.arm(*doomed, at_ms(10));
  timers.arm(cancelled, at_ms(10));
  timers.arm(moved, at_ms(10));
  CHECK(timers.expire(at_ms(10)) == 1);
  CHECK(timers.armed_count() == 2);
  CHECK(timers.expire(at_ms(11)) == 1);
  CHECK(timers.expire(at_ms(60)) == 2);
  CHECK(order == std::vector{1, 1, 1, 9});
}

TEST_CASE("timers outlive their wheel disarmed") {
  TestTimer timer([](TestTimer&) {});
  {
    Timers timers(at_ms(0));
    timers.arm(timer, at_ms(70));
  }
  CHECK_FALSE(timer.armed());
}

TEST_CASE("random arming, moving and cancelling against a list") {
  std::uint64_t state = 42;
  const auto draw = [&state](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % below;
  };
  constexpr std::size_t kTimers = 200;
  Timers timers(at_ms(0));
  MonoTime now = at_ms(0);
  std::vector<std::size_t> fired;
  std::vector<std::unique_ptr<TestTimer>> all;
  for (std::size_t i = 0; i < kTimers; ++i)
    all.push_back(std::make_unique<TestTimer>([&fired, i](TestTimer&) { fired.push_back(i); }));

  struct Armed {
    MonoTime deadline;
    std::uint64_t order;
    std::size_t index;
    auto operator<=>(const Armed&) const = default;
  };
  std::vector<Armed> model;
  std::uint64_t order = 0;
  for (int round = 0; round < 20'000; ++round) {
    const std::size_t index = draw(kTimers);
    std::erase_if(model, [&](const Armed& armed) { return armed.index == index; });
    if (draw(5) == 0) {
      timers.cancel(*all[index]);
    } else {
      const auto span = static_cast<std::int64_t>(std::uint64_t{1} << draw(36));
      const MonoTime deadline =
          now + milliseconds(1) + nanoseconds(static_cast<std::int64_t>(draw(std::uint64_t(span))));
      timers.arm(*all[index], deadline);
      model.push_back({deadline, order++, index});
    }
    REQUIRE(timers.armed_count() == model.size());
    if (draw(4) != 0) continue;
    now = now + microseconds(static_cast<std::int64_t>(draw(std::uint64_t{1} << draw(24))));
    timers.expire(now);
    std::sort(model.begin(), model.end());
    // Due is whose millisecond has come.
    const auto due = std::find_if(model.begin(), model.end(), [&](const Armed& armed) {
      return (armed.deadline.ns + 999'999) / 1'000'000 > now.ns / 1'000'000;
    });
    std::vector<std::size_t> expected;
    for (auto it = model.begin(); it != due; ++it) expected.push_back(it->index);
    model.erase(model.begin(), due);
    REQUIRE(fired == expected);
    fired.clear();
    if (!model.empty()) REQUIRE(*timers.next_wake() <= model.front().deadline + milliseconds(1));
  }
}
