// What recurs in a message (LZ77), found greedily: the most recent place with the same four bytes
// is taken, and bytes that nothing is like are passed over ever faster.
//
// It knows nothing of earlier messages, but does not forget them by clearing: places are counted on
// from message to message, so that what is older than a message's beginning is none of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "websocket/deflate/token.h"

namespace midge::websocket {

class MatchFinder {
 public:
  static constexpr std::size_t kInputMax = 16 * 1024;
  static_assert(kInputMax <= Token::kDistanceMax);
  // It reads so many bytes behind the input, whatever they are.
  static constexpr std::size_t kSlack = 8;

  // All of the input, and its end; valid until the next call.
  std::span<const Token> find(const char* input, std::size_t size);

 private:
  static constexpr unsigned kHashBits = 13;

  std::array<std::uint16_t, 1U << kHashBits> places_{};  // by hash, counted from `base_`
  std::array<Token, kInputMax + 1> tokens_;
  std::uint32_t base_ = 1;
};

}  // namespace midge::websocket
