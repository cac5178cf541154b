// Monotonic nanoseconds.
#pragma once

#include <cstdint>
#include <ctime>

namespace midge::load {

inline constexpr std::int64_t kNever = INT64_MAX;
inline constexpr std::int64_t kSecond = 1'000'000'000;

inline std::int64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * kSecond + t.tv_nsec;
}

inline std::int64_t seconds_ns(double seconds) {
  return static_cast<std::int64_t>(seconds * static_cast<double>(kSecond));
}

}  // namespace midge::load
