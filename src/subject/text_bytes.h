// Eight bytes of a text as one number, first byte lowest, zero beyond the end.
//
// Short texts are most of what the index works on; a load of eight bytes and a mask beats a loop
// over them. `context` is text around that may be read too: near its end, the load is taken
// backwards from it.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace midge::subject {

static_assert(std::endian::native == std::endian::little, "the first byte must be the lowest");

inline std::uint64_t load_word(const char* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

// The bytes from `at` on, `size` of them and eight at most. They lie within `context`.
inline std::uint64_t padded_word(const char* at, std::size_t size, std::string_view context) {
  if (size == 0) return 0;
  const std::uint64_t mask = size >= 8 ? ~std::uint64_t{0} : ~std::uint64_t{0} >> (64 - size * 8);
  const char* end = context.data() + context.size();
  auto readable = static_cast<std::size_t>(end - at);
  if (readable >= 8) return load_word(at) & mask;
  if (context.size() >= 8) return load_word(end - 8) >> (64 - readable * 8) & mask;
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < size; ++i)
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(at[i])) << i * 8;
  return word;
}

// The top bit of every byte that is zero.
inline std::uint64_t zero_bytes(std::uint64_t bytes) {
  constexpr std::uint64_t kLow = 0x7f7f'7f7f'7f7f'7f7fU;
  return ~(((bytes & kLow) + kLow) | bytes | kLow);
}

// Reads the lengths and bytes of `wanted` first, which the caller has at hand: `stored` may have to
// come from far away, and no branch should wait for it but the last.
inline bool text_equal(std::string_view stored, std::string_view wanted) {
  const std::size_t size = wanted.size();
  if (stored.size() != size) return false;
  std::uint64_t difference = 0;
  if (size >= 8) {
    for (std::size_t at = 0; at + 8 < size; at += 8)
      difference |= load_word(stored.data() + at) ^ load_word(wanted.data() + at);
    // Overlaps what was compared before.
    difference |= load_word(stored.data() + size - 8) ^ load_word(wanted.data() + size - 8);
  } else {
    difference =
        padded_word(stored.data(), size, stored) ^ padded_word(wanted.data(), size, wanted);
  }
  return difference == 0;
}

}  // namespace midge::subject
