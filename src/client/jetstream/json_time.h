// Times and durations that users have, as JSON has them.
#pragma once

#include "codec/json_struct.h"
#include "midge/deadline.h"
#include "midge/stream_config.h"

namespace midge {

inline WallTime wall_time_of(Time time) { return {time.time_since_epoch().count()}; }
inline Time time_of(WallTime time) { return Time(Timeout(time.ns)); }

}  // namespace midge

template <>
struct midge::codec::JsonForm<midge::Timeout> {
  using Form = Duration;
  static Form of(midge::Timeout duration) { return {duration.count()}; }
  static midge::Timeout from(Form form) { return midge::Timeout(form.ns); }
};

template <>
struct midge::codec::JsonForm<midge::Time> {
  using Form = WallTime;
  static Form of(Time time) { return wall_time_of(time); }
  static Time from(Form form) { return time_of(form); }
};
