// Goal: each PING that somebody waits for has its PONG, or an error, once, in the order of the
// wire.
#include "client/round_trips.h"

#include <doctest/doctest.h>

#include <vector>

using namespace midge;
using namespace midge::detail;

namespace {

struct Trips {
  Outbox outbox{{.pending_max = 100, .buffered_max = 100}};
  RoundTrips trips{outbox};
  std::vector<std::string> told;

  Result<Outbox::Appended> begin(const std::string& name) {
    return trips.begin([this, name](const std::optional<Error>& why) {
      told.push_back(name + (why ? " " + why->text() : ""));
    });
  }
  std::string taken() {
    std::string bytes;
    return outbox.take(bytes) == Outbox::Taken::kAll ? bytes : "nothing";
  }
};

using Told = std::vector<std::string>;

}  // namespace

TEST_CASE_FIXTURE(Trips, "PONGs come to those who asked, in order") {
  trips.on_up();
  CHECK(begin("a")->wakes);
  CHECK(trips.begin(nullptr));  // the connection's own
  CHECK(begin("b"));
  CHECK(taken() == "PING\r\nPING\r\nPING\r\n");
  trips.on_pong();
  CHECK(told == Told{"a"});
  trips.on_pong();
  trips.on_pong();
  trips.on_pong();  // that nobody asked for
  CHECK(told == Told{"a", "b"});
}

TEST_CASE_FIXTURE(Trips, "who asks without a connection asks the next one") {
  CHECK(!begin("a")->wakes);
  CHECK(begin("b"));
  CHECK(taken() == "nothing");
  trips.on_up();
  CHECK(taken() == "PING\r\nPING\r\n");
  trips.on_pong();
  CHECK(told == Told{"a"});
}

TEST_CASE_FIXTURE(Trips, "a loss tells all that wait, and its PINGs do not go again") {
  trips.on_up();
  CHECK(begin("a"));
  CHECK(begin("b"));
  trips.on_down("PING\r\nPUB x 0\r\n\r\n", 0, Error("lost"));
  CHECK(told == Told{"a lost", "b lost"});
  CHECK(begin("c"));
  trips.on_up();
  CHECK(taken() == "PUB x 0\r\n\r\nPING\r\n");
  trips.on_pong();
  CHECK(told.back() == "c");
}

TEST_CASE_FIXTURE(Trips, "the end tells all, and nobody may ask any more") {
  trips.on_up();
  CHECK(begin("a"));
  trips.on_closed(Error("closed"));
  CHECK(told == Told{"a closed"});
  CHECK(begin("b").error().code() == ErrorCode::kClosed);
  trips.on_pong();
  CHECK(told.size() == 1);
}

TEST_CASE_FIXTURE(Trips, "who waits for a connection goes on waiting when an attempt fails") {
  CHECK(begin("a"));
  trips.on_down("", 0, Error("not let in"));
  CHECK(told.empty());
  trips.on_up();
  CHECK(taken() == "PING\r\n");
  trips.on_pong();
  CHECK(told == Told{"a"});
}
