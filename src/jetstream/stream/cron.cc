#include "jetstream/stream/cron.h"

#include <algorithm>
#include <charconv>
#include <span>
#include <vector>

namespace midge::jetstream {
namespace {

constexpr std::string_view kMonths[] = {"jan", "feb", "mar", "apr", "may", "jun",
                                        "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::string_view kWeekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct Alias {
  std::string_view name, fields;
};
constexpr Alias kAliases[] = {
    {"@yearly", "0 0 0 1 1 *"}, {"@annually", "0 0 0 1 1 *"}, {"@monthly", "0 0 0 1 * *"},
    {"@weekly", "0 0 0 * * 0"}, {"@daily", "0 0 0 * * *"},    {"@midnight", "0 0 0 * * *"},
    {"@hourly", "0 0 * * * *"},
};

constexpr std::int64_t kMinute = 60, kHour = 60 * kMinute, kDay = 24 * kHour;
constexpr std::int64_t kSearched = 5 * 366 * kDay;

struct Date {
  std::int64_t month, day;
};

// Of a day since 1970-01-01. Years are counted from March, so that a leap day is their last.
Date date_of(std::int64_t days) {
  constexpr std::int64_t kDaysOf400Years = 146'097, kMarchOfYear0 = 719'468;
  const std::int64_t in_era = (days + kMarchOfYear0) % kDaysOf400Years;
  const std::int64_t year =
      (in_era - in_era / 1460 + in_era / 36'524 - in_era / (kDaysOf400Years - 1)) / 365;
  const std::int64_t in_year = in_era - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * in_year + 2) / 153;  // 0: March
  return {month < 10 ? month + 3 : month - 9, in_year - (153 * month + 2) / 5 + 1};
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::ranges::equal(
      text, lower, [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const std::size_t begin = text.find_first_not_of(separators);
    if (begin == text.npos) return parts;
    text.remove_prefix(begin);
    const std::size_t end = std::min(text.find_first_of(separators), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

}  // namespace

struct Cron::Kind {
  int min, max;
  std::span<const std::string_view> names;
  int first_named = 0;

  [[nodiscard]] std::optional<int> value(std::string_view text) const {
    for (std::size_t i = 0; i < names.size(); ++i)
      if (equals_ignoring_case(text, names[i])) return first_named + static_cast<int>(i);
    int number = 0;
    const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (text.empty() || status != std::errc() || end != text.data() + text.size() || number < 0)
      return std::nullopt;
    return number;
  }
};

// `*`, `5`, `1-5`, each perhaps with `/2` behind it: every second of those; `5/2` goes on to the
// end.
bool Cron::add_range(std::string_view text, const Kind& kind, Field& field) {
  int step = 1;
  const std::size_t slash = text.find('/');
  if (slash != text.npos) {
    const auto given = Kind{0, 0, {}}.value(text.substr(slash + 1));
    if (!given || *given == 0) return false;
    step = *given;
    text = text.substr(0, slash);
  }
  int begin = kind.min, end = kind.max;
  if (text == "*" || text == "?") {
    if (step == 1) field.any = true;
  } else {
    const std::size_t dash = text.find('-');
    const auto from = kind.value(text.substr(0, dash));
    if (!from) return false;
    begin = *from;
    if (dash != text.npos) {
      const auto to = kind.value(text.substr(dash + 1));
      if (!to) return false;
      end = *to;
    } else if (slash == text.npos) {
      end = begin;
    }
  }
  if (begin < kind.min || end > kind.max || begin > end) return false;
  for (std::int64_t value = begin; value <= end; value += step)
    field.values |= std::uint64_t{1} << value;
  return true;
}

std::optional<Cron::Field> Cron::parse_field(std::string_view text, const Kind& kind) {
  Field field;
  for (const std::string_view range : split(text, ","))
    if (!add_range(range, kind, field)) return std::nullopt;
  if (field.values == 0) return std::nullopt;
  return field;
}

std::optional<Cron> Cron::parse(std::string_view text) {
  if (text.starts_with('@')) {
    const auto alias = std::ranges::find(kAliases, text, &Alias::name);
    if (alias == std::end(kAliases)) return std::nullopt;
    text = alias->fields;
  }
  const std::vector<std::string_view> fields = split(text, " \t");
  if (fields.size() != 6) return std::nullopt;
  static const Kind kKinds[] = {{0, 59, {}, 0}, {0, 59, {}, 0},      {0, 23, {}, 0},
                                {1, 31, {}, 0}, {1, 12, kMonths, 1}, {0, 6, kWeekdays, 0}};
  Cron cron;
  Field* const into[] = {&cron.second_, &cron.minute_, &cron.hour_,
                         &cron.day_,    &cron.month_,  &cron.weekday_};
  for (std::size_t i = 0; i < 6; ++i) {
    const auto field = parse_field(fields[i], kKinds[i]);
    if (!field) return std::nullopt;
    *into[i] = *field;
  }
  return cron;
}

bool Cron::has_day(std::int64_t days) const {
  constexpr std::int64_t kThursday = 4;  // the first of them all
  const Date date = date_of(days);
  if (!month_.has(date.month)) return false;
  const bool day = day_.has(date.day);
  const bool weekday = weekday_.has((days + kThursday) % 7);
  // With both given either will do.
  return day_.any || weekday_.any ? day && weekday : day || weekday;
}

std::optional<WallTime> Cron::next(WallTime after, const auth::jwt::TimeZone& zone) const {
  constexpr std::int64_t kBillion = 1'000'000'000;
  std::int64_t time = after.ns / kBillion + 1;
  const std::int64_t limit = time + kSearched;
  while (time < limit) {
    const std::int64_t local = time + zone.offset_at(time);
    const std::int64_t of_day = local % kDay, hour = of_day / kHour;
    if (!has_day(local / kDay)) {
      // Clocks may be set before midnight comes: the last hours go one by one.
      time += hour < 22 ? 22 * kHour - of_day : kHour - of_day % kHour;
    } else if (!hour_.has(hour)) {
      time += kHour - of_day % kHour;
    } else if (!minute_.has(of_day % kHour / kMinute)) {
      time += kMinute - of_day % kMinute;
    } else if (!second_.has(of_day % kMinute)) {
      ++time;
    } else {
      return WallTime{time * kBillion};
    }
  }
  return std::nullopt;
}

}  // namespace midge::jetstream
