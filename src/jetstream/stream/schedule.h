// When a stored message is to produce another (ADR-51): `@at 2030-01-01T00:00:00Z`, `@every 5m`, or
// by the calendar (cron.h). Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/jwt/time_zone.h"
#include "base/time.h"
#include "jetstream/stream/cron.h"

namespace midge::jetstream {

class Schedule {
 public:
  // `zone`: null = none was given, and only the calendar takes one. Nullopt: it says no time.
  static std::optional<Schedule> parse(std::string_view pattern, const auth::jwt::TimeZone* zone);

  // Of one that was stored at `stored`: may lie in the past only where it happens once.
  [[nodiscard]] std::optional<WallTime> first(WallTime stored) const;
  // The one after that of `fired`, later than `now`. Nullopt: there is none.
  [[nodiscard]] std::optional<WallTime> next(WallTime fired, WallTime now) const;
  // As products' headers say it, by the schedule's zone.
  [[nodiscard]] std::string text_of(WallTime time) const;

 private:
  enum class Kind { kAt, kEvery, kCalendar };
  Kind kind_ = Kind::kAt;
  WallTime at_{};
  Duration every_{};
  std::optional<Cron> cron_;
  auth::jwt::TimeZone zone_;
};

}  // namespace midge::jetstream
