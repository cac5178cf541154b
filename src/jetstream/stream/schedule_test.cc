// Goal: schedules are read, refused and come due as their headers say. Method: tables.
#include "jetstream/stream/schedule.h"

#include <doctest/doctest.h>

#include "codec/json_writer.h"
#include "codec/rfc3339.h"

namespace midge::jetstream {
namespace {

WallTime at(const char* text) { return *codec::parse_rfc3339(text); }

}  // namespace

TEST_CASE("a schedule happens once, again and again, or by the calendar") {
  const auto once = Schedule::parse("@at 2020-01-01T01:00:00+01:00", nullptr);
  REQUIRE(once);
  CHECK(once->first(at("2026-01-01T00:00:00Z")) == at("2020-01-01T00:00:00Z"));
  CHECK_FALSE(once->next(at("2020-01-01T00:00:00Z"), at("2026-01-01T00:00:00Z")));

  const auto every = Schedule::parse("@every 5s", nullptr);
  REQUIRE(every);
  CHECK(every->first(at("2026-01-01T00:00:00.6Z")) == at("2026-01-01T00:00:06Z"));
  const WallTime fired = at("2026-01-01T00:00:06Z");
  CHECK(every->next(fired, fired) == at("2026-01-01T00:00:11Z"));
  // Those that were missed are left out.
  CHECK(every->next(fired, at("2026-01-01T00:00:27Z")) == at("2026-01-01T00:00:31Z"));

  const auth::jwt::TimeZone utc;
  const auto hourly = Schedule::parse("@hourly", &utc);
  REQUIRE(hourly);
  CHECK(hourly->first(fired) == at("2026-01-01T01:00:00Z"));
  CHECK(hourly->text_of(at("2026-01-01T01:00:00.5Z")) == "2026-01-01T01:00:00Z");
}

TEST_CASE("only the calendar takes a zone, and nothing happens more often than each second") {
  const auth::jwt::TimeZone utc;
  CHECK_FALSE(Schedule::parse("@at 2020-01-01T00:00:00Z", &utc));
  CHECK_FALSE(Schedule::parse("@every 5s", &utc));
  for (const char* text : {"@at nix", "@at ", "@every 500ms", "@every nix", "@every -1s", "@every",
                           "nix", "", "0 0 0 31 2 *"})
    CHECK_FALSE_MESSAGE(Schedule::parse(text, nullptr), text);
}

}  // namespace midge::jetstream
