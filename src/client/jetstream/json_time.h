// Times of <chrono>, which users have, as JSON has them.
#pragma once

#include <chrono>

#include "codec/json_struct.h"
#include "midge/stream_config.h"

namespace midge {

inline WallTime wall_time_of(Time time) { return {time.time_since_epoch().count()}; }
inline Time time_of(WallTime time) { return Time(std::chrono::nanoseconds(time.ns)); }

}  // namespace midge

template <>
struct midge::codec::JsonForm<std::chrono::nanoseconds> {
  using Form = Duration;
  static Form of(std::chrono::nanoseconds duration) { return {duration.count()}; }
  static std::chrono::nanoseconds from(Form form) { return std::chrono::nanoseconds(form.ns); }
};

template <>
struct midge::codec::JsonForm<midge::Time> {
  using Form = WallTime;
  static Form of(Time time) { return wall_time_of(time); }
  static Time from(Form form) { return time_of(form); }
};
