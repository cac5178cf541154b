#include "websocket/deflate/match_finder.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>

#include "base/check.h"

namespace midge::websocket {
namespace {

std::uint32_t load_four(const char* at) {
  std::uint32_t four;
  std::memcpy(&four, at, sizeof four);
  return four;
}

std::uint64_t load_eight(const char* at) {
  std::uint64_t eight;
  std::memcpy(&eight, at, sizeof eight);
  if constexpr (std::endian::native == std::endian::big) eight = __builtin_bswap64(eight);
  return eight;
}

// How many bytes are alike from there on, `max` at most.
std::size_t alike(const char* one, const char* other, std::size_t max) {
  for (std::size_t count = 0; count < max; count += 8) {
    if (const std::uint64_t differs = load_eight(one + count) ^ load_eight(other + count))
      return std::min(max, count + static_cast<std::size_t>(std::countr_zero(differs)) / 8);
  }
  return max;
}

// What a match has at least: three bytes are hardly shorter as one.
constexpr std::size_t kLengthMin = 4;
// From this size on it is worth it to look for more.
constexpr std::size_t kFarSize = 2048;
constexpr std::uint64_t kHashFactor = 0x9E3779B185EBCA87;  // 2^64 over the golden ratio, odd
// After so many bytes (a power of two) without a match, each step is one byte longer.
constexpr unsigned kPatienceBits = 5;

}  // namespace

std::span<const Token> MatchFinder::find(const char* input, std::size_t size) {
  DCHECK(size <= kInputMax, "the caller cuts messages");
  if (base_ + size > std::numeric_limits<std::uint16_t>::max()) {
    places_.fill(0);
    base_ = 1;
  }
  const unsigned unhashed = 64 - 8 * (size < kFarSize ? kLengthMin : kLengthMin + 1);
  const auto place_of = [&](std::size_t at) -> std::uint16_t& {
    return places_[(load_eight(input + at) << unhashed) * kHashFactor >> (64 - kHashBits)];
  };
  Token* next = tokens_.data();
  std::size_t at = 0, missed = 0;
  while (at + kLengthMin <= size) {
    std::uint16_t& place = place_of(at);
    const std::uint32_t earlier = place;
    place = static_cast<std::uint16_t>(base_ + at);
    const std::size_t from = earlier - base_;
    if (earlier < base_ || load_four(input + from) != load_four(input + at)) {
      const std::size_t step = 1 + (missed >> kPatienceBits);
      missed += step;
      const std::size_t end = std::min(at + step, size);
      while (at < end) *next++ = Token::literal(input[at++]);
      continue;
    }
    const std::size_t length =
        kLengthMin + alike(input + from + kLengthMin, input + at + kLengthMin,
                           std::min(Token::kLengthMax, size - at) - kLengthMin);
    *next++ = Token::match(length, at - from);
    missed = 0;
    place_of(at + 1) = static_cast<std::uint16_t>(base_ + at + 1);
    at += length;
  }
  for (; at < size; ++at) *next++ = Token::literal(input[at]);
  *next++ = Token::end();
  base_ += static_cast<std::uint32_t>(size);
  return {tokens_.data(), next};
}

}  // namespace midge::websocket
