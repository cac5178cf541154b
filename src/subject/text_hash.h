// A salted hash of short texts. Folded multiplication, 16 bytes a step.
//
// All constants come from the salt, so that nobody who lacks it can build texts that collide. The
// value must never decide anything that a user or a test can see.
#pragma once

#include <cstdint>
#include <string_view>

#include "subject/text_bytes.h"

namespace midge::subject {

class TextHash {
 public:
  explicit TextHash(std::uint64_t salt)
      : low_(spread(salt, 1)), high_(spread(salt, 2)), last_(spread(salt, 3)) {}

  // `seed` separates key spaces: an account, a parent node. `context` is readable text around
  // `text`.
  [[nodiscard]] std::uint64_t operator()(std::string_view text, std::uint64_t seed,
                                         std::string_view context) const {
    const char* at = text.data();
    std::size_t left = text.size();
    std::uint64_t state = seed ^ last_;
    for (; left > 16; at += 16, left -= 16)
      state = fold(load_word(at) ^ low_, load_word(at + 8) ^ state);
    const std::uint64_t a = padded_word(at, left, context);
    const std::uint64_t b = left > 8 ? padded_word(at + 8, left - 8, context) : 0;
    return fold(fold(a ^ low_, b ^ state) ^ text.size(), high_);
  }
  [[nodiscard]] std::uint64_t operator()(std::string_view text, std::uint64_t seed) const {
    return (*this)(text, seed, text);
  }

  [[nodiscard]] std::uint64_t pair(std::uint64_t a, std::uint64_t b) const {
    return fold(fold(a ^ low_, b ^ high_), last_);
  }

 private:
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  // An odd constant for each position.
  static std::uint64_t spread(std::uint64_t salt, std::uint64_t position) {
    std::uint64_t x = salt + position * 0xbb67ae8584caa73bU;
    x = fold(x ^ 0x6a09e667f3bcc908U, 0x3c6ef372fe94f82bU);
    x = fold(x ^ 0xa54ff53a5f1d36f1U, 0x510e527fade682d1U);
    return x | 1;
  }

  std::uint64_t low_;
  std::uint64_t high_;
  std::uint64_t last_;
};

}  // namespace midge::subject
