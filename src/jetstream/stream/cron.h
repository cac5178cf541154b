// Times by the calendar, as six fields say them: `0 30 9 * * mon-fri` (seconds first). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "auth/jwt/time_zone.h"
#include "base/time.h"

namespace midge::jetstream {

class Cron {
 public:
  // Six fields, or `@yearly` and its like. Nullopt: neither.
  static std::optional<Cron> parse(std::string_view text);
  // The first second after `after`, which is not before 1970 by any clock, that all fields name, by
  // clocks in `zone`. Nullopt: none in five years.
  [[nodiscard]] std::optional<WallTime> next(WallTime after, const auth::jwt::TimeZone& zone) const;

 private:
  struct Field {
    std::uint64_t values = 0;  // bit n: n
    bool any = false;          // was `*` or `?`
    [[nodiscard]] bool has(std::int64_t value) const { return (values >> value & 1) != 0; }
  };
  struct Kind;
  static std::optional<Field> parse_field(std::string_view text, const Kind& kind);
  static bool add_range(std::string_view text, const Kind& kind, Field& field);
  [[nodiscard]] bool has_day(std::int64_t days) const;

  Field second_, minute_, hour_, day_, month_, weekday_;
};

}  // namespace midge::jetstream
