// Where a fuzz target cuts its input.
#pragma once

#include <cstddef>
#include <cstdint>

namespace midge::fuzz {

// Cuts are drawn from a generator, so that a found input repeats.
class Cuts {
 public:
  explicit Cuts(std::uint32_t seed) : state_(seed * 2654435761u + 1) {}
  std::size_t next(std::size_t bytes_max) {
    state_ = state_ * 1664525u + 1013904223u;
    return 1 + (state_ >> 16) % bytes_max;
  }

 private:
  std::uint32_t state_;
};

}  // namespace midge::fuzz
