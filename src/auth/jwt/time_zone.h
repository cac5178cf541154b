// A time zone: the offset from UTC at a time, by the compiled rules of the tz database (RFC 8536).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midge::auth::jwt {

// Immutable; any thread.
class TimeZone {
 public:
  TimeZone() = default;  // UTC

  // Reads a file of the tz database.
  static Result<TimeZone> parse(std::string_view file);

  // Seconds east of UTC at this time (seconds since 1970).
  [[nodiscard]] std::int64_t offset_at(std::int64_t time) const;

 private:
  struct Change {
    std::int64_t time, offset;
  };
  // When daylight saving begins or ends in each year: `M3.2.0/2`, `J60`, `59`.
  struct YearlyRule {
    char kind = 'M';
    int month = 0, week = 0, day = 0;
    std::int64_t seconds = 7200;                                  // of local time
    [[nodiscard]] std::int64_t in_year(std::int64_t year) const;  // local, since 1970
  };
  // What holds after the last change: the footer of the file.
  struct Footer {
    bool is_set = false, has_summer = false;
    std::int64_t standard = 0, summer = 0;
    YearlyRule begin, end;
  };
  static Result<Footer> parse_footer(std::string_view text);
  [[nodiscard]] std::int64_t footer_offset(std::int64_t time) const;

  std::int64_t first_offset_ = 0;
  std::vector<Change> changes_;
  Footer footer_;
};

// Where zones come from: a folder of files, which this room must not read itself.
class ZoneSource {
 public:
  virtual ~ZoneSource() = default;
  // `name` as in the tz database; "" = the server's own zone. Any thread.
  [[nodiscard]] virtual Result<TimeZone> find(std::string_view name) const = 0;
};

}  // namespace midge::auth::jwt
