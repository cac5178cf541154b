// The file: a header of counts, then the same data in 32 and, from version 2, again in 64 bits,
// then the rules for the time after the last change as a text between line ends.
#include "auth/jwt/time_zone.h"

#include <algorithm>
#include <optional>

namespace midge::auth::jwt {
namespace {

constexpr std::size_t kHeaderSize = 44;
constexpr std::int64_t kDay = 86400;

std::int64_t big_endian(std::string_view bytes) {
  std::uint64_t value = (static_cast<unsigned char>(bytes[0]) & 0x80) != 0 ? ~0ULL : 0;
  for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
  return static_cast<std::int64_t>(value);
}

struct Counts {
  std::size_t utc_marks, standard_marks, leaps, changes, types, letters;

  [[nodiscard]] std::size_t data_size(std::size_t time_size) const {
    return changes * (time_size + 1) + types * 6 + letters + leaps * (time_size + 4) +
           standard_marks + utc_marks;
  }
};

std::optional<Counts> read_counts(std::string_view file) {
  if (file.size() < kHeaderSize || !file.starts_with("TZif")) return std::nullopt;
  const auto count = [&](std::size_t index) {
    return static_cast<std::size_t>(big_endian(file.substr(20 + index * 4, 4)) & 0xFFFFFF);
  };
  return Counts{count(0), count(1), count(2), count(3), count(4), count(5)};
}

// Days since 1970 of a date of the Gregorian calendar.
std::int64_t days_of(std::int64_t year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const std::int64_t year_of_era = year - era * 400;
  const std::int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719468;
}

bool is_leap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

std::int64_t floor_days(std::int64_t time) {
  return time >= 0 ? time / kDay : (time - kDay + 1) / kDay;
}

std::int64_t year_of(std::int64_t time) {
  const std::int64_t days = floor_days(time);
  std::int64_t year = 1970 + days / 366;
  while (days_of(year + 1, 1, 1) <= days) ++year;
  while (days_of(year, 1, 1) > days) --year;
  return year;
}

// Reads the rules of a POSIX TZ text from its front.
class RuleReader {
 public:
  explicit RuleReader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  bool take(char letter) {
    if (!rest_.starts_with(letter)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  // A zone's name: letters, or anything in angle brackets.
  bool skip_name() {
    std::size_t end = 0;
    if (take('<')) {
      end = rest_.find('>');
      if (end == rest_.npos) return false;
      rest_.remove_prefix(end + 1);
      return true;
    }
    while (end < rest_.size() && ((rest_[end] | 32) >= 'a' && (rest_[end] | 32) <= 'z')) ++end;
    rest_.remove_prefix(end);
    return end >= 3;
  }
  std::optional<std::int64_t> number() {
    std::size_t end = 0;
    std::int64_t value = 0;
    while (end < rest_.size() && end < 4 && rest_[end] >= '0' && rest_[end] <= '9')
      value = value * 10 + (rest_[end++] - '0');
    if (end == 0) return std::nullopt;
    rest_.remove_prefix(end);
    return value;
  }
  // `[+-]h[:m[:s]]` in seconds.
  std::optional<std::int64_t> time() {
    const bool negative = take('-');
    if (!negative) take('+');
    const auto hours = number();
    if (!hours) return std::nullopt;
    std::int64_t seconds = *hours * 3600;
    for (const std::int64_t unit : {60, 1}) {
      if (!take(':')) break;
      const auto part = number();
      if (!part) return std::nullopt;
      seconds += *part * unit;
    }
    return negative ? -seconds : seconds;
  }

 private:
  std::string_view rest_;
};

}  // namespace

std::int64_t TimeZone::YearlyRule::in_year(std::int64_t year) const {
  std::int64_t days = 0;
  if (kind == 'M') {
    const std::int64_t first = days_of(year, month, 1);
    const std::int64_t weekday = ((first + 4) % 7 + 7) % 7;  // 1970 began on a Thursday
    days = first + (day - weekday + 7) % 7 + (week - 1) * 7;
    const std::int64_t next_month =
        month == 12 ? days_of(year + 1, 1, 1) : days_of(year, month + 1, 1);
    while (days >= next_month) days -= 7;
  } else {
    days = days_of(year, 1, 1) + day;
    // `J` counts from one and never counts the 29th of February.
    if (kind == 'J') days += is_leap(year) && day >= 60 ? 0 : -1;
  }
  return days * kDay + seconds;
}

Result<TimeZone::Footer> TimeZone::parse_footer(std::string_view text) {
  Footer footer;
  if (text.empty()) return footer;
  const auto bad = [&] {
    return failure("rule of time zone not understood: " + std::string(text));
  };
  RuleReader reader(text);
  if (!reader.skip_name()) return bad();
  const auto standard = reader.time();
  if (!standard) return bad();
  footer.is_set = true;
  footer.standard = -*standard;
  if (reader.at_end()) return footer;
  if (!reader.skip_name()) return bad();
  footer.has_summer = true;
  footer.summer = footer.standard + 3600;
  if (!reader.take(',')) {
    const auto summer = reader.time();
    if (!summer || !reader.take(',')) return bad();
    footer.summer = -*summer;
  }
  for (YearlyRule* rule : {&footer.begin, &footer.end}) {
    if (rule == &footer.end && !reader.take(',')) return bad();
    rule->kind = reader.take('M') ? 'M' : reader.take('J') ? 'J' : 'N';
    const auto first = reader.number();
    if (!first) return bad();
    if (rule->kind == 'M') {
      const auto week = reader.take('.') ? reader.number() : std::nullopt;
      const auto day = reader.take('.') ? reader.number() : std::nullopt;
      if (!week || !day || *first < 1 || *first > 12) return bad();
      rule->month = static_cast<int>(*first);
      rule->week = static_cast<int>(*week);
      rule->day = static_cast<int>(*day);
    } else {
      rule->day = static_cast<int>(*first);
    }
    if (!reader.take('/')) continue;
    const auto time = reader.time();
    if (!time) return bad();
    rule->seconds = *time;
  }
  return footer;
}

Result<TimeZone> TimeZone::parse(std::string_view file) {
  const auto bad = [] { return failure("malformed time zone file"); };
  auto counts = read_counts(file);
  if (!counts) return bad();
  std::size_t time_size = 4;
  if (file[4] >= '2') {
    const std::size_t skipped = kHeaderSize + counts->data_size(4);
    if (skipped > file.size()) return bad();
    file.remove_prefix(skipped);
    counts = read_counts(file);
    if (!counts) return bad();
    time_size = 8;
  }
  file.remove_prefix(kHeaderSize);
  if (file.size() < counts->data_size(time_size) || counts->types == 0) return bad();
  const std::string_view indexes = file.substr(counts->changes * time_size);
  const std::string_view types = indexes.substr(counts->changes);
  const auto offset_of = [&](std::size_t type) { return big_endian(types.substr(type * 6, 4)); };
  TimeZone zone;
  zone.first_offset_ = offset_of(0);
  for (std::size_t at = 0; at < counts->changes; ++at) {
    const std::size_t type = static_cast<unsigned char>(indexes[at]);
    if (type >= counts->types) return bad();
    zone.changes_.push_back({big_endian(file.substr(at * time_size, time_size)), offset_of(type)});
  }
  std::string_view footer = file.substr(counts->data_size(time_size));
  if (time_size == 8 && footer.size() >= 2) {
    footer = footer.substr(1, footer.find('\n', 1) - 1);
    ASSIGN_OR_RETURN(zone.footer_, parse_footer(footer));
  }
  return zone;
}

std::int64_t TimeZone::footer_offset(std::int64_t time) const {
  if (!footer_.has_summer) return footer_.standard;
  const std::int64_t year = year_of(time + footer_.standard);
  const std::int64_t begin = footer_.begin.in_year(year) - footer_.standard;
  const std::int64_t end = footer_.end.in_year(year) - footer_.summer;
  // South of the equator the summer spans the turn of the year.
  const bool is_summer = begin < end ? time >= begin && time < end : time >= begin || time < end;
  return is_summer ? footer_.summer : footer_.standard;
}

std::int64_t TimeZone::offset_at(std::int64_t time) const {
  if (footer_.is_set && (changes_.empty() || time >= changes_.back().time))
    return footer_offset(time);
  const auto next = std::upper_bound(changes_.begin(), changes_.end(), time,
                                     [](std::int64_t t, const Change& c) { return t < c.time; });
  return next == changes_.begin() ? first_offset_ : std::prev(next)->offset;
}

}  // namespace midge::auth::jwt
