// Random numbers that a seed determines. Streams of different purposes are forked from one another,
// so that more draws for one purpose do not change what another draws.
#pragma once

#include <cstdint>

namespace midge::sim {

class SimRandom {
 public:
  explicit SimRandom(std::uint64_t seed) : state_(mix(seed ^ 0x6a09e667f3bcc909)) {}

  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15); }
  // In [0, bound), bound > 0.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  // In [low, high].
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low + 1)));
  }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  SimRandom fork() { return SimRandom(next()); }

 private:
  static std::uint64_t mix(std::uint64_t z) {  // SplitMix64's finisher
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  std::uint64_t state_;
};

}  // namespace midge::sim
