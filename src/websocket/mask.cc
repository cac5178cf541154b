#include "websocket/mask.h"

#include <cstring>

namespace midge::websocket {

void copy_masked(char* to, const char* from, std::size_t size, const Mask& mask) {
  std::uint32_t four;
  std::memcpy(&four, mask.data(), sizeof four);
  const std::uint64_t eight = std::uint64_t{four} << 32 | four;
  // Everything of a step is loaded before anything is stored: `to` may lie a few bytes ahead.
  constexpr std::size_t kStep = 32;
  for (; size >= kStep; size -= kStep, to += kStep, from += kStep) {
    std::uint64_t words[kStep / 8];
    std::memcpy(words, from, kStep);
    for (std::uint64_t& word : words) word ^= eight;
    std::memcpy(to, words, kStep);
  }
  for (; size >= 8; size -= 8, to += 8, from += 8) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    word ^= eight;
    std::memcpy(to, &word, 8);
  }
  for (std::size_t i = 0; i < size; ++i)
    to[i] = static_cast<char>(static_cast<std::uint8_t>(from[i]) ^ mask[i & 3]);
}

Mask rotated(const Mask& mask, std::size_t count) {
  Mask turned;
  for (std::size_t i = 0; i < turned.size(); ++i) turned[i] = mask[(i + count) & 3];
  return turned;
}

}  // namespace midge::websocket
