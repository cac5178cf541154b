#include "codec/rfc3339.h"

#include <cstdint>

namespace midge::codec {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes `digits` digits off the front; -1 if they are not there.
int take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return -1;
  int number = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return -1;
    number = number * 10 + (text[i] - '0');
  }
  text.remove_prefix(digits);
  return number;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

bool is_leap(int year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int days_in(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

// Days since 1970-01-01 in the Gregorian calendar, counted by years of 400 from a March.
std::int64_t days_since_epoch(int year, int month, int day) {
  const std::int64_t y = month <= 2 ? year - 1 : year;
  const std::int64_t era = y / 400;
  const std::int64_t year_of_era = y - era * 400;
  const std::int64_t month_from_march = (month + 9) % 12;
  const std::int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
  const std::int64_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146097 + day_of_era - 719468;
}

// The fraction behind a second, in nanoseconds; digits beyond the ninth are let go.
std::int64_t take_fraction(std::string_view& text) {
  std::int64_t ns = 0;
  int digits = 0;
  while (!text.empty() && is_digit(text.front())) {
    if (digits < 9) {
      ns = ns * 10 + (text.front() - '0');
      ++digits;
    }
    text.remove_prefix(1);
  }
  for (; digits < 9; ++digits) ns *= 10;
  return ns;
}

}  // namespace

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const int year = take_number(text, 4);
  if (year < 1678 || year > 2261 || !take(text, '-')) return std::nullopt;
  const int month = take_number(text, 2);
  if (month < 1 || month > 12 || !take(text, '-')) return std::nullopt;
  const int day = take_number(text, 2);
  if (day < 1 || day > days_in(year, month) || !take(text, 'T')) return std::nullopt;
  const int hour = take_number(text, 2);
  if (hour < 0 || hour > 23 || !take(text, ':')) return std::nullopt;
  const int minute = take_number(text, 2);
  if (minute < 0 || minute > 59 || !take(text, ':')) return std::nullopt;
  const int second = take_number(text, 2);
  if (second < 0 || second > 59) return std::nullopt;
  std::int64_t ns = 0;
  if (!text.empty() && (text.front() == '.' || text.front() == ',')) {
    text.remove_prefix(1);
    if (text.empty() || !is_digit(text.front())) return std::nullopt;
    ns = take_fraction(text);
  }
  std::int64_t offset = 0;
  if (!take(text, 'Z')) {
    if (text.empty() || (text.front() != '+' && text.front() != '-')) return std::nullopt;
    const int sign = text.front() == '+' ? 1 : -1;
    text.remove_prefix(1);
    const int hours = take_number(text, 2);
    if (hours < 0 || hours > 23 || !take(text, ':')) return std::nullopt;
    const int minutes = take_number(text, 2);
    if (minutes < 0 || minutes > 59) return std::nullopt;
    offset = sign * (hours * 3600 + minutes * 60);
  }
  if (!text.empty()) return std::nullopt;
  const std::int64_t seconds =
      days_since_epoch(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
  return WallTime{seconds * 1'000'000'000 + ns};
}

}  // namespace midge::codec
