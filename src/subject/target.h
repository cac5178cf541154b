// A Target names who receives a message: a slot of one loop's subscription table, never a pointer.
//
// The generation tells a slot's present subscription from earlier ones, so that a target read from
// a cache or a batch may be stale but is never mistaken.
#pragma once

#include <compare>
#include <cstdint>

#include "base/ids.h"

namespace midge::subject {

class Target {
 public:
  static constexpr std::uint32_t kGenerationMask = (1U << 24) - 1;

  Target() = default;
  Target(LoopId loop, std::uint32_t slot, std::uint32_t generation)
      : bits_(static_cast<std::uint64_t>(loop.value) << 56 |
              static_cast<std::uint64_t>(generation & kGenerationMask) << 32 | slot) {}

  [[nodiscard]] LoopId loop() const { return {static_cast<std::uint8_t>(bits_ >> 56)}; }
  [[nodiscard]] std::uint32_t generation() const {
    return static_cast<std::uint32_t>(bits_ >> 32) & kGenerationMask;
  }
  [[nodiscard]] std::uint32_t slot() const { return static_cast<std::uint32_t>(bits_); }
  [[nodiscard]] std::uint64_t bits() const { return bits_; }
  auto operator<=>(const Target&) const = default;

 private:
  std::uint64_t bits_ = 0;
};

}  // namespace midge::subject
