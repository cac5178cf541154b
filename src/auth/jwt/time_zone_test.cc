// Goal: offsets before, between and after the changes a file lists, and by the rules of its footer.
// Method: files made here, byte by byte as RFC 8536 has them.
#include "auth/jwt/time_zone.h"

#include <doctest/doctest.h>

#include <utility>

namespace midge::auth::jwt {
namespace {

std::string big_endian(std::int64_t value, int bytes) {
  std::string text;
  for (int at = bytes - 1; at >= 0; --at) text += static_cast<char>(value >> (at * 8) & 255);
  return text;
}

using Changes = std::vector<std::pair<std::int64_t, std::int64_t>>;  // time, offset

std::string zone_data(char version, int time_size, std::int64_t first, const Changes& changes) {
  const auto count = static_cast<std::int64_t>(changes.size());
  std::string text = std::string("TZif") + version + std::string(15, '\0');
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{0}, std::int64_t{0}, count, count + 1, std::int64_t{4}})
    text += big_endian(number, 4);
  for (const auto& change : changes) text += big_endian(change.first, time_size);
  for (std::int64_t at = 0; at < count; ++at) text += big_endian(at + 1, 1);
  text += big_endian(first, 4) + std::string(2, '\0');
  for (const auto& change : changes) text += big_endian(change.second, 4) + std::string(2, '\0');
  return text + std::string("ABC\0", 4);
}

std::string zone_file(std::int64_t first, const Changes& changes, const std::string& footer) {
  return zone_data('2', 4, 0, {}) + zone_data('2', 8, first, changes) + "\n" + footer + "\n";
}

std::int64_t offset(const std::string& footer, std::int64_t time) {
  const auto zone = TimeZone::parse(zone_file(0, {}, footer));
  REQUIRE_MESSAGE(zone, footer);
  return zone->offset_at(time);
}

TEST_CASE("time zone: changes in a file") {
  const auto zone = TimeZone::parse(zone_file(-100, {{1000, 3600}, {2000, 7200}}, "<X>-5"));
  REQUIRE(zone);
  CHECK(zone->offset_at(-5) == -100);
  CHECK(zone->offset_at(999) == -100);
  CHECK(zone->offset_at(1000) == 3600);
  CHECK(zone->offset_at(1999) == 3600);
  CHECK(zone->offset_at(2000) == 5 * 3600);
  CHECK(TimeZone().offset_at(12345) == 0);
  const auto old = TimeZone::parse(zone_data('\0', 4, 60, {{-10, 120}}));
  REQUIRE(old);
  CHECK(old->offset_at(-11) == 60);
  CHECK(old->offset_at(0) == 120);
}

TEST_CASE("time zone: the rules after the last change") {
  constexpr std::int64_t kHour = 3600;
  // 2026: 8 March 07:00 UTC to 1 November 06:00 UTC.
  const std::string eastern = "EST5EDT,M3.2.0,M11.1.0";
  CHECK(offset(eastern, 1772953199) == -5 * kHour);
  CHECK(offset(eastern, 1772953200) == -4 * kHour);
  CHECK(offset(eastern, 1793512799) == -4 * kHour);
  CHECK(offset(eastern, 1793512800) == -5 * kHour);
  // The last Sunday, at another hour: 29 March 01:00 UTC, 25 October 01:00 UTC.
  const std::string central = "CET-1CEST,M3.5.0,M10.5.0/3";
  CHECK(offset(central, 1774745999) == kHour);
  CHECK(offset(central, 1774746000) == 2 * kHour);
  CHECK(offset(central, 1792889999) == 2 * kHour);
  CHECK(offset(central, 1792890000) == kHour);
  // South: summer at new year. 5 April 2026 03:00 local ends it.
  const std::string south = "AEST-10AEDT,M10.1.0,M4.1.0/3";
  CHECK(offset(south, 1767225600) == 11 * kHour);
  CHECK(offset(south, 1775318399) == 11 * kHour);
  CHECK(offset(south, 1775318400) == 10 * kHour);
  CHECK(offset("<+0530>-5:30", 0) == 5 * kHour + kHour / 2);
  CHECK(offset("", 0) == 0);
  // 1 March 2024, by days that never count the 29th of February and by days that do.
  for (const char* rule : {"AAA0BBB,J60/0,J300", "AAA0BBB,60/0,300"}) {
    CHECK(offset(rule, 1709251199) == 0);
    CHECK(offset(rule, 1709251200) == kHour);
  }
}

TEST_CASE("time zone: what is no file") {
  const std::string good = zone_file(0, {{1, 2}}, "");
  for (std::size_t size = 0; size + 3 < good.size(); size += 7)
    CHECK_MESSAGE(!TimeZone::parse(good.substr(0, size)), size);
  CHECK(!TimeZone::parse(zone_file(0, {}, "EST5EDT,M13.2.0,M11.1.0")));
}

}  // namespace
}  // namespace midge::auth::jwt
