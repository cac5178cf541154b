// Durations and points in time as plain nanosecond counts with types, without <chrono>'s compile
// time.
//
// MonoTime is monotonic and only good for differences; WallTime is nanoseconds since 1970 UTC, for
// what people and protocols see. Both come from io::Clock only.
#pragma once

#include <compare>
#include <cstdint>

namespace midge {

struct Duration {
  std::int64_t ns = 0;
  auto operator<=>(const Duration&) const = default;
  constexpr Duration operator+(Duration other) const { return {ns + other.ns}; }
  constexpr Duration operator-(Duration other) const { return {ns - other.ns}; }
  constexpr Duration operator*(std::int64_t factor) const { return {ns * factor}; }
  constexpr Duration operator/(std::int64_t divisor) const { return {ns / divisor}; }
  [[nodiscard]] constexpr double seconds() const { return static_cast<double>(ns) / 1e9; }
};

constexpr Duration nanoseconds(std::int64_t n) { return {n}; }
constexpr Duration microseconds(std::int64_t n) { return {n * 1000}; }
constexpr Duration milliseconds(std::int64_t n) { return {n * 1000000}; }
constexpr Duration seconds(std::int64_t n) { return {n * 1000000000}; }
constexpr Duration minutes(std::int64_t n) { return seconds(n * 60); }

struct MonoTime {
  std::int64_t ns = 0;
  auto operator<=>(const MonoTime&) const = default;
  constexpr MonoTime operator+(Duration d) const { return {ns + d.ns}; }
  constexpr MonoTime operator-(Duration d) const { return {ns - d.ns}; }
  constexpr Duration operator-(MonoTime other) const { return {ns - other.ns}; }
};

struct WallTime {
  std::int64_t ns = 0;  // since 1970-01-01T00:00:00Z
  auto operator<=>(const WallTime&) const = default;
  constexpr WallTime operator+(Duration d) const { return {ns + d.ns}; }
  constexpr Duration operator-(WallTime other) const { return {ns - other.ns}; }
};

}  // namespace midge
