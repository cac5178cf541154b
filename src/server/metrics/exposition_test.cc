// Goal: Prometheus' text format. Method: families by hand, their text.
#include "server/metrics/exposition.h"

#include <doctest/doctest.h>

#include <array>

using midge::server::Exposition;
using Kind = Exposition::Kind;

TEST_CASE("families, labels and their escaping") {
  Exposition out;
  out.family("a_total", Kind::kCounter, "All a");
  out.sample(3);
  out.family("b", Kind::kGauge, "Each b");
  out.sample(1.5, {{"name", "x"}});
  out.sample(-2, {{"name", "q\"\\\n"}, {"other", "y"}});
  CHECK(out.take() ==
        "# HELP a_total All a\n# TYPE a_total counter\na_total 3\n"
        "# HELP b Each b\n# TYPE b gauge\nb{name=\"x\"} 1.5\n"
        "b{name=\"q\\\"\\\\\\n\",other=\"y\"} -2\n");
  CHECK(out.take().empty());
}

TEST_CASE("a histogram adds up") {
  Exposition out;
  constexpr std::array kBounds{0.1, 1.0};
  constexpr std::array<std::uint64_t, 3> kCounts{5, 0, 2};
  out.family("t_seconds", Kind::kHistogram, "Times");
  out.histogram(kBounds, kCounts, 7.5, {{"loop", "0"}});
  const std::string text = out.take();
  for (const char* line : {"t_seconds_count{loop=\"0\"} 7\n", "t_seconds_sum{loop=\"0\"} 7.5\n",
                           "t_seconds_bucket{loop=\"0\",le=\"1\"} 5\n",
                           "t_seconds_bucket{loop=\"0\",le=\"+Inf\"} 7\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

TEST_CASE("large numbers are whole") {
  Exposition out;
  out.family("n", Kind::kGauge, "n");
  out.sample(9007199254740991.0);
  CHECK(out.take().ends_with("\nn 9007199254740991\n"));
}
