// Goal: CPU percent is that of the time between two questions. Method: made-up clocks.
#include "server/monitor/cpu_meter.h"

#include <doctest/doctest.h>

using namespace midge;  // NOLINT: base/time.h

TEST_CASE("CPU percent") {
  server::CpuMeter meter({0});
  CHECK(meter.percent({seconds(2).ns}, seconds(1)) == 50);
  // Asked again too soon: the same answer.
  CHECK(meter.percent({milliseconds(2500).ns}, seconds(3)) == 50);
  // Two cores busy from second 2 to 4.
  CHECK(meter.percent({seconds(4).ns}, seconds(5)) == 200);
  CHECK(meter.percent({seconds(7).ns}, seconds(5) + milliseconds(1)) == 0);
  CHECK(meter.percent({seconds(8).ns}, seconds(5) + milliseconds(13)) == doctest::Approx(1.2));
}
