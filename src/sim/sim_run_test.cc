// Goal: the server delivers as the model says for a few seeds, and replays exactly. `midge-sim`
// runs many more.
#include "sim/sim_run.h"

#include <doctest/doctest.h>

#include "sim/workload/delivery_model.h"

using namespace midge::sim;

TEST_CASE("the model's matching") {
  CHECK(matches("a.b", "a.b"));
  CHECK(matches("*", "a"));
  CHECK(matches("a.*", "a.b"));
  CHECK(matches("a.>", "a.b.c"));
  CHECK(matches(">", "a"));
  CHECK(matches("*.b.*", "a.b.c"));
  CHECK_FALSE(matches("a", "a.b"));
  CHECK_FALSE(matches("a.b", "a"));
  CHECK_FALSE(matches("a.>", "a"));
  CHECK_FALSE(matches("*", "a.b"));
  CHECK_FALSE(matches("a.*", "a"));
  CHECK_FALSE(matches("ab", "a"));
}

TEST_CASE("accounts keep to their boundaries for a few seeds [ACCT-01] [ACCT-05] [ACCT-07]") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    CHECK(run_accounts_seed(seed, {.rounds = 8}).failure == "");
  }
}

TEST_CASE("streams and consumers are what the model says for a few seeds [JS-S-31] [JS-C-17]") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    CHECK(run_equality_seed(seed).failure == "");
  }
}

TEST_CASE(
    "an interest stream keeps nothing that lies before the beginning of who reads it [JS-S-31]") {
  CHECK(run_equality_seed(448).failure == "");
}

TEST_CASE("what an update makes too old is delivered to nobody any more [JS-S-33]") {
  CHECK(run_equality_seed(957).failure == "");
}

TEST_CASE("nobody waits long for what is deliverable, for an hour [JS-C-57]") {
  CHECK(run_watchdog_seed(1, {.rounds = 1}).failure == "");
}

TEST_CASE("clients keep their promises for a few seeds, and replay exactly") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    const RunOutcome first = run_client_seed(seed, {.rounds = 3});
    CHECK(first.failure == "");
    CHECK(run_client_seed(seed, {.rounds = 3, .salt = 9}).event_hash == first.event_hash);
  }
}

TEST_CASE("attempts that fail are no losses for a client that drains") {
  CHECK(run_client_seed(48, {.rounds = 3}).failure == "");
}

TEST_CASE("a connection that breaks while it subscribes anew is not told to be there") {
  CHECK(run_client_seed(4, {.rounds = 3}).failure == "");
}

TEST_CASE("a client's exchanges may be cut anywhere") { CHECK(run_client_cuts(1).failure == ""); }

TEST_CASE("a few seeds, twice, and with other hash salts") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    const RunOutcome first = run_seed(seed, {.rounds = 3});
    CHECK(first.failure == "");
    CHECK(run_seed(seed, {.rounds = 3}).event_hash == first.event_hash);
    CHECK(run_seed(seed, {.rounds = 3, .salt = 9}).event_hash == first.event_hash);
  }
}
