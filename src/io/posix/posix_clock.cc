#include "io/posix/posix_clock.h"

#include <ctime>

namespace midge::io {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

MonoTime PosixClock::monotonic() { return {read_clock(CLOCK_MONOTONIC)}; }
WallTime PosixClock::wall() { return {read_clock(CLOCK_REALTIME)}; }

}  // namespace midge::io
