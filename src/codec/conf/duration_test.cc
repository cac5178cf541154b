// Goal: durations are read, shown and refused as Go does it.
// Method: tables; texts from Go's own behaviour as the peer shows it.
#include "codec/conf/duration.h"

#include <doctest/doctest.h>

#include <limits>

namespace midge::conf {
namespace {

TEST_CASE("what is read") {
  const struct {
    const char* text;
    std::int64_t ns;
  } cases[] = {
      {"0", 0},
      {"5s", 5000000000},
      {"+5s", 5000000000},
      {"-1.5s", -1500000000},
      {".5s", 500000000},
      {"1.s", 1000000000},
      {"1h2m3s4ms5us6ns", 3723004005006},
      {"7\xC2\xB5s", 7000},
      {"7\xCE\xBCs", 7000},
      {"0.000000001s", 1},
      {"0.1234567890123456789012345s", 123456789},
      {"2562047h47m16.854775807s", std::numeric_limits<std::int64_t>::max()},
      {"-2562047h47m16.854775808s", std::numeric_limits<std::int64_t>::min()},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const Result<Duration> duration = parse_duration(c.text);
    REQUIRE(duration.has_value());
    CHECK(duration->ns == c.ns);
  }
}

TEST_CASE("what is refused") {
  const struct {
    const char* text;
    const char* error;
  } cases[] = {
      {"", "time: invalid duration \"\""},
      {"-", "time: invalid duration \"-\""},
      {".", "time: invalid duration \".\""},
      {"s", "time: invalid duration \"s\""},
      {" 5s", "time: invalid duration \" 5s\""},
      {"\xC3\xA9", "time: invalid duration \"\\xc3\\xa9\""},
      {"99999999h", "time: invalid duration \"99999999h\""},
      {"99999999999999999999s", "time: invalid duration \"99999999999999999999s\""},
      {"2562047h47m16.854775808s", "time: invalid duration \"2562047h47m16.854775808s\""},
      {"5", "time: missing unit in duration \"5\""},
      {"1s5", "time: missing unit in duration \"1s5\""},
      {"1d", "time: unknown unit \"d\" in duration \"1d\""},
      {"1e3s", "time: unknown unit \"e\" in duration \"1e3s\""},
      {"5 s", "time: unknown unit \" s\" in duration \"5 s\""},
      {"5\ts", "time: unknown unit \"\\x09s\" in duration \"5\\x09s\""},
  };
  for (const auto& c : cases) {
    CAPTURE(c.text);
    const Result<Duration> duration = parse_duration(c.text);
    REQUIRE(!duration.has_value());
    CHECK(duration.error().text() == c.error);
  }
}

TEST_CASE("how they are shown") {
  const struct {
    std::int64_t ns;
    const char* text;
  } cases[] = {
      {0, "0s"},
      {1, "1ns"},
      {1500, "1.5\xC2\xB5s"},
      {2000000, "2ms"},
      {1000000000, "1s"},
      {1500000000, "1.5s"},
      {60000000000, "1m0s"},
      {3600000000000, "1h0m0s"},
      {3723004000000, "1h2m3.004s"},
      {-1500000000, "-1.5s"},
      {std::numeric_limits<std::int64_t>::min(), "-2562047h47m16.854775808s"},
  };
  for (const auto& c : cases) CHECK(format_duration(Duration{c.ns}) == c.text);
}

}  // namespace
}  // namespace midge::conf
