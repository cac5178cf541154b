#include "jetstream/stream/schedule.h"

#include <algorithm>

#include "codec/conf/duration.h"
#include "codec/json_writer.h"
#include "codec/rfc3339.h"

namespace midge::jetstream {
namespace {

constexpr std::int64_t kBillion = 1'000'000'000;

bool take_word(std::string_view& text, std::string_view word) {
  if (!text.starts_with(word)) return false;
  text.remove_prefix(word.size());
  return true;
}

std::string two_digits(std::int64_t value) {
  return {static_cast<char>('0' + value / 10), static_cast<char>('0' + value % 10)};
}

}  // namespace

std::optional<Schedule> Schedule::parse(std::string_view pattern, const auth::jwt::TimeZone* zone) {
  Schedule schedule;
  if (take_word(pattern, "@at ")) {
    const auto time = codec::parse_rfc3339(pattern);
    if (!time || zone != nullptr) return std::nullopt;
    schedule.at_ = *time;
    return schedule;
  }
  if (take_word(pattern, "@every ")) {
    const auto every = conf::parse_duration(pattern);
    if (!every || *every < seconds(1) || zone != nullptr) return std::nullopt;
    schedule.kind_ = Kind::kEvery;
    schedule.every_ = *every;
    return schedule;
  }
  schedule.kind_ = Kind::kCalendar;
  schedule.cron_ = Cron::parse(pattern);
  if (!schedule.cron_) return std::nullopt;
  if (zone != nullptr) schedule.zone_ = *zone;
  if (!schedule.cron_->next({seconds(7 * 24 * 3600).ns}, schedule.zone_))
    return std::nullopt;  // never: the 31st of February
  return schedule;
}

std::optional<WallTime> Schedule::first(WallTime stored) const {
  if (kind_ == Kind::kAt) return at_;
  if (kind_ == Kind::kCalendar) return cron_->next(stored, zone_);
  const WallTime rounded{(stored.ns + kBillion / 2) / kBillion * kBillion};
  if (rounded.ns > INT64_MAX - every_.ns) return std::nullopt;
  return rounded + every_;
}

std::optional<WallTime> Schedule::next(WallTime fired, WallTime now) const {
  if (kind_ == Kind::kAt) return std::nullopt;
  if (kind_ == Kind::kCalendar) return cron_->next(std::max(fired, now), zone_);
  // Those that were missed are left out.
  const std::int64_t missed = now > fired ? (now - fired).ns / every_.ns : 0;
  if (fired.ns > INT64_MAX - every_.ns * (missed + 1)) return std::nullopt;
  return fired + every_ * (missed + 1);
}

std::string Schedule::text_of(WallTime time) const {
  const std::int64_t offset = zone_.offset_at(time.ns / kBillion);
  const WallTime local{(time.ns / kBillion + offset) * kBillion};
  std::string text = codec::rfc3339_nano(local);
  if (offset == 0) return text;
  const std::int64_t minutes = std::abs(offset) / 60;
  text.back() = offset < 0 ? '-' : '+';
  return text + two_digits(minutes / 60) + ":" + two_digits(minutes % 60);
}

}  // namespace midge::jetstream
