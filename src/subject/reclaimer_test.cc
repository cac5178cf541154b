// Goal: memory is freed when, and only when, every loop has let go of it.
// Method: ticks, sleeps and wake-ups of three loops in every order that matters, on one thread.
#include "subject/reclaimer.h"

#include <doctest/doctest.h>

#include <cstdlib>

namespace midge::subject {
namespace {

constexpr LoopId kA{0};
constexpr LoopId kB{1};
constexpr LoopId kC{2};

void retire_one(Reclaimer& reclaimer, LoopId near = kA) { reclaimer.retire(near, std::malloc(16)); }

TEST_CASE("one loop alone frees at its next tick") {
  Reclaimer reclaimer(1);
  retire_one(reclaimer);
  CHECK(reclaimer.waiting() == 1);
  reclaimer.passed_tick(kA);
  CHECK(reclaimer.waiting() == 0);
}

TEST_CASE("a loop that passes no tick holds everything back") {
  Reclaimer reclaimer(3);
  retire_one(reclaimer);
  for (int i = 0; i < 10; ++i) {
    reclaimer.passed_tick(kA);
    reclaimer.passed_tick(kB);
  }
  CHECK(reclaimer.waiting() == 1);
  reclaimer.passed_tick(kC);
  for (int i = 0; i < 2; ++i)
    for (LoopId loop : {kA, kB, kC}) reclaimer.passed_tick(loop);
  CHECK(reclaimer.waiting() == 0);
}

TEST_CASE("a tick before the retirement does not count") {
  Reclaimer reclaimer(2);
  reclaimer.passed_tick(kB);
  retire_one(reclaimer);
  for (int i = 0; i < 10; ++i) reclaimer.passed_tick(kA);
  CHECK(reclaimer.waiting() == 1);
}

TEST_CASE("a sleeping loop holds nothing back, until it wakes") {
  Reclaimer reclaimer(2);
  reclaimer.going_to_sleep(kB);
  retire_one(reclaimer);
  reclaimer.passed_tick(kA);
  CHECK(reclaimer.waiting() == 0);
  reclaimer.woke_up(kB);
  retire_one(reclaimer, kB);
  for (int i = 0; i < 10; ++i) reclaimer.passed_tick(kA);
  CHECK(reclaimer.waiting() == 1);
  reclaimer.going_to_sleep(kB);
  reclaimer.passed_tick(kA);
  CHECK(reclaimer.waiting() == 0);
}

TEST_CASE("when all sleep, the last one frees as it goes") {
  Reclaimer reclaimer(2);
  retire_one(reclaimer);
  reclaimer.going_to_sleep(kA);
  reclaimer.going_to_sleep(kB);
  reclaimer.woke_up(kA);
  reclaimer.going_to_sleep(kA);
  CHECK(reclaimer.waiting() == 0);
}

TEST_CASE("a mass is freed in parts, and all of it in the end") {
  Reclaimer reclaimer(1);
  for (int i = 0; i < 100'000; ++i) retire_one(reclaimer);
  reclaimer.passed_tick(kA);
  CHECK(reclaimer.waiting() > 50'000);
  int ticks = 1;
  for (; reclaimer.waiting() > 0; ++ticks) reclaimer.passed_tick(kA);
  CHECK(ticks > 10);
  CHECK(ticks < 100);
}

TEST_CASE("what still waits at the end is freed with the reclaimer") {
  Reclaimer reclaimer(2);
  for (int i = 0; i < 100; ++i) retire_one(reclaimer, i % 2 == 0 ? kA : kB);
  reclaimer.passed_tick(kA);
  CHECK(reclaimer.waiting() == 100);
}

}  // namespace
}  // namespace midge::subject
