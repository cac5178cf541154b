// Goal: a cron pattern fires when it says. Method: tables of patterns and times.
#include "jetstream/stream/cron.h"

#include <doctest/doctest.h>

#include <string>

#include "codec/json_writer.h"
#include "codec/rfc3339.h"

namespace midge::jetstream {
namespace {

// Central Europe: summer time from the last Sunday in March, 2:00, to the last in October, 3:00.
auth::jwt::TimeZone central_europe() {
  const auto number = [](int value) { return std::string{0, 0, 0, static_cast<char>(value)}; };
  const auto block = [&](int time_size) {
    std::string head = "TZif2" + std::string(15, '\0');
    for (const int count : {0, 0, 0, 0, 1, 4}) head += number(count);
    (void)time_size;
    return head + std::string{0, 0, 0x0e, 0x10, 0, 0} + std::string("CET\0", 4);
  };
  auto zone = auth::jwt::TimeZone::parse(block(4) + block(8) + "\nCET-1CEST,M3.5.0,M10.5.0/3\n");
  REQUIRE(zone);
  return *zone;
}

std::string next(const char* pattern, const char* after, const auth::jwt::TimeZone& zone = {}) {
  const auto cron = Cron::parse(pattern);
  REQUIRE_MESSAGE(cron, pattern);
  const auto time = cron->next(*codec::parse_rfc3339(after), zone);
  return time ? codec::rfc3339_nano(*time) : "never";
}

struct Case {
  const char *pattern, *after, *next;
};
constexpr Case kCases[] = {
    {"* * * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"},
    {"* * * * * *", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z"},
    {"0 * * * * *", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"},
    {"0 */15 * * * *", "2026-01-01T00:46:00Z", "2026-01-01T01:00:00Z"},
    {"0 5/15 * * * *", "2026-01-01T00:21:00Z", "2026-01-01T00:35:00Z"},
    {"30 59 23 31 12 *", "2026-01-01T00:00:00Z", "2026-12-31T23:59:30Z"},
    {"0 0 0 29 2 *", "2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"},
    {"0 0 0 31 2 *", "2026-01-01T00:00:00Z", "never"},
    {"0 0 12 * * mon-fri", "2026-11-27T12:00:00Z", "2026-11-30T12:00:00Z"},
    {"0 0 0 13 * FRI", "2026-11-01T00:00:00Z", "2026-11-06T00:00:00Z"},  // either will do
    {"0 0 0 13 * *", "2026-11-01T00:00:00Z", "2026-11-13T00:00:00Z"},
    {"0 0 0 ? jan,MAR ?", "2026-01-31T00:00:00Z", "2026-03-01T00:00:00Z"},
    {"0 0 0 1,,2 * *", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"},
    {"@yearly", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"},
    {"@monthly", "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z"},
    {"@weekly", "2026-11-30T05:00:00Z", "2026-12-06T00:00:00Z"},
    {"@daily", "2026-11-30T05:00:00Z", "2026-12-01T00:00:00Z"},
    {"@hourly", "2026-11-30T05:00:00Z", "2026-11-30T06:00:00Z"},
};

}  // namespace

TEST_CASE("the calendar names the next second") {
  for (const Case& c : kCases) CHECK_MESSAGE(next(c.pattern, c.after) == c.next, c.pattern);
}

TEST_CASE("the calendar goes by the zone's clocks") {
  const auth::jwt::TimeZone zone = central_europe();
  CHECK(next("0 0 9 * * *", "2026-01-01T09:00:00Z", zone) == "2026-01-02T08:00:00Z");
  CHECK(next("0 0 9 * * *", "2026-07-01T09:00:00Z", zone) == "2026-07-02T07:00:00Z");
  // 2:30 is not on the day when clocks go forward.
  CHECK(next("0 30 2 * * *", "2026-03-28T12:00:00Z", zone) == "2026-03-30T00:30:00Z");
  CHECK(next("0 0 0 * * *", "2026-03-28T23:30:00Z", zone) == "2026-03-29T22:00:00Z");
  CHECK(next("0 0 0 * * *", "2026-10-24T22:30:00Z", zone) == "2026-10-25T23:00:00Z");
}

TEST_CASE("what is no calendar is refused") {
  for (const char* text :
       {"", "nix", "@never", "@Hourly", "0 0 0 * *", "0 0 0 * * * *", "60 0 0 * * *",
        "0 0 24 * * *", "0 0 0 0 * *", "0 0 0 * 13 *", "0 0 0 * * 7", "0 5-1 0 * * *",
        "0 */0 0 * * *", "0 0 0 L * *", "0 -1 0 * * *", "0 1- 0 * * *", "0 , 0 * * *"})
    CHECK_FALSE_MESSAGE(Cron::parse(text), text);
}

}  // namespace midge::jetstream
