// Goal: a journal waits only where that pays. Method: syncs and what gathers after them, told one
// by one.
#include "store/journal/commit_pace.h"

#include <doctest/doctest.h>

using midge::microseconds;
using midge::milliseconds;
using midge::MonoTime;
using midge::store::CommitPace;

namespace {

constexpr MonoTime kStart{1'000'000};
constexpr auto kSync = microseconds(100);

// Nobody comes back in time after a sync; how many syncs are not waited after then.
int syncs_without_waiting(CommitPace& pace) {
  pace.on_synced(32, 32, kSync, kStart);
  REQUIRE_FALSE(pace.is_due(32, kStart));
  REQUIRE(pace.is_due(40, kStart + kSync));
  int count = 0;
  for (; count < 1000; ++count) {
    pace.on_synced(32, 32, kSync, kStart);
    if (!pace.is_due(32, kStart)) break;
  }
  REQUIRE(pace.is_due(64, kStart));  // they do now
  return count;
}

}  // namespace

TEST_CASE("nothing waits before the first sync") {
  CommitPace pace;
  CHECK(pace.is_due(1, kStart));
}

TEST_CASE("what gathers waits for those who have been answered") {
  CommitPace pace;
  pace.on_synced(32, 32, kSync, kStart);
  CHECK(pace.until() == kStart + kSync);
  CHECK_FALSE(pace.is_due(32, kStart));
  CHECK_FALSE(pace.is_due(55, kStart + microseconds(99)));
  CHECK(pace.is_due(56, kStart + microseconds(99)));
  CHECK(pace.is_due(1, kStart + microseconds(99)));
}

TEST_CASE("one publisher with one message at a time never waits") {
  CommitPace pace;
  for (int i = 0; i < 10; ++i) {
    pace.on_synced(1, 0, kSync, kStart);
    CHECK(pace.is_due(1, kStart));
  }
}

TEST_CASE("a slow sync is not waited for as long") {
  CommitPace pace;
  pace.on_synced(10, 10, milliseconds(50), kStart);
  CHECK(pace.until() == kStart + milliseconds(1));
}

TEST_CASE("where nobody comes back, waiting is tried less and less") {
  CommitPace pace;
  pace.on_synced(32, 32, kSync, kStart);
  CHECK(pace.is_due(32, kStart + kSync));  // in vain
  int last = 0;
  for (int i = 0; i < 12; ++i) {
    int count = 0;
    for (; count < 1000; ++count) {
      pace.on_synced(32, 32, kSync, kStart);
      if (!pace.is_due(32, kStart)) break;
    }
    REQUIRE(pace.is_due(32, kStart + kSync));
    CHECK(count == (i == 0 ? 1 : std::min(2 * last, 256)));
    last = count;
  }
}

TEST_CASE("once they do, it is tried each time again") {
  CommitPace pace;
  CHECK(syncs_without_waiting(pace) == 1);
  CHECK(syncs_without_waiting(pace) == 1);
}
