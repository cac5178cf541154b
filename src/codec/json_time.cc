// rfc3339_nano(), declared in json_writer.h: calendar arithmetic without the C library's time
// zones.
#include <array>

#include "codec/json_writer.h"

namespace midge::codec {
namespace {

struct Date {
  std::int64_t year;
  unsigned month, day;
};

// Days since 1970-01-01 to a date of the Gregorian calendar. Years are counted from March on, so
// that the leap day is a year's last; an era is the 400 years after which the calendar repeats.
Date date_of(std::int64_t days) {
  constexpr std::int64_t kEraDays = 146097;
  constexpr std::int64_t kMarchOfYear0 = 719468;  // days from 0000-03-01 to 1970-01-01
  days += kMarchOfYear0;
  const std::int64_t era = (days >= 0 ? days : days - (kEraDays - 1)) / kEraDays;
  const auto day_of_era = static_cast<unsigned>(days - era * kEraDays);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned march_month = (5 * day_of_year + 2) / 153;
  const unsigned month = march_month < 10 ? march_month + 3 : march_month - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * march_month + 2) / 5 + 1};
}

// Writes it with so many digits, and returns what is behind it.
char* write_padded(char* out, std::uint64_t number, unsigned width) {
  for (unsigned at = width; at-- > 0; number /= 10) out[at] = static_cast<char>('0' + number % 10);
  return out + width;
}

}  // namespace

std::string rfc3339_nano(WallTime time) {
  constexpr std::int64_t kSecond = 1'000'000'000;
  constexpr std::int64_t kDay = 86'400;
  const std::int64_t nanos = (time.ns % kSecond + kSecond) % kSecond;
  const std::int64_t seconds = time.ns / kSecond - (time.ns % kSecond < 0 ? 1 : 0);
  const std::int64_t of_day = (seconds % kDay + kDay) % kDay;
  const Date date = date_of((seconds - of_day) / kDay);

  std::array<char, 40> text;
  char* at = text.data();
  const auto put = [&at](std::int64_t number, unsigned width, char behind) {
    at = write_padded(at, static_cast<std::uint64_t>(number), width);
    *at++ = behind;
  };
  put(date.year, 4, '-');
  put(date.month, 2, '-');
  put(date.day, 2, 'T');
  put(of_day / 3600, 2, ':');
  put(of_day / 60 % 60, 2, ':');
  put(of_day % 60, 2, '.');
  if (nanos == 0) {
    --at;
  } else {
    at = write_padded(at, static_cast<std::uint64_t>(nanos), 9);
    while (at[-1] == '0') --at;
  }
  *at++ = 'Z';
  return {text.data(), at};
}

}  // namespace midge::codec
