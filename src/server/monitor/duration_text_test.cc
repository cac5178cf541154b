// Goal: durations read as nats-server's do. Method: a table of edges of each unit.
#include "server/monitor/duration_text.h"

#include <doctest/doctest.h>

using namespace midge;  // NOLINT: literals of base/time.h
using server::go_duration;
using server::round_trip_text;
using server::uptime_text;

TEST_CASE("Go's durations") {
  struct Row {
    std::int64_t ns;
    const char* text;
  };
  for (const Row& row :
       {Row{0, "0s"}, Row{1, "1ns"}, Row{999, "999ns"}, Row{1'000, "1µs"}, Row{1'500, "1.5µs"},
        Row{669'000, "669µs"}, Row{1'970'373, "1.970373ms"}, Row{53'000'000, "53ms"},
        Row{1'234'995'942, "1.234995942s"}, Row{10'000'000'000, "10s"}, Row{60'000'000'000, "1m0s"},
        Row{90'500'000'000, "1m30.5s"}, Row{3'600'000'000'000, "1h0m0s"},
        Row{-1'500'000, "-1.5ms"}}) {
    CHECK(go_duration({row.ns}) == row.text);
  }
}

TEST_CASE("uptime") {
  CHECK(uptime_text(milliseconds(999)) == "0s");
  CHECK(uptime_text(seconds(-5)) == "0s");
  CHECK(uptime_text(seconds(59)) == "59s");
  CHECK(uptime_text(seconds(85)) == "1m25s");
  CHECK(uptime_text(seconds(3600)) == "1h0m0s");
  CHECK(uptime_text(seconds(86400 + 3661)) == "1d1h1m1s");
  CHECK(uptime_text(seconds(366LL * 86400)) == "1y1d0h0m0s");
}

TEST_CASE("round trips") {
  CHECK(round_trip_text({0}) == "0s");
  CHECK(round_trip_text({1}) == "1ns");
  CHECK(round_trip_text({444'253}) == "444µs");
  CHECK(round_trip_text({1'970'373}) == "1.970373ms");
}
