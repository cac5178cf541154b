// Codes are whole (no reader finds one that is none), within their limit, and shorter for what is
// more frequent.
#include "websocket/deflate/prefix_code.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <span>
#include <vector>

namespace midge::websocket {
namespace {

void check_code(const std::vector<std::uint32_t>& frequencies, unsigned longest) {
  std::vector<Code> codes(frequencies.size());
  make_code(frequencies, longest, codes);
  // Each code takes its share of all texts of bits.
  std::uint64_t taken = 0;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    if (frequencies[i] > 0) CHECK(codes[i].count > 0);
    if (codes[i].count == 0) continue;
    REQUIRE(codes[i].count <= longest);
    taken += 1U << (longest - codes[i].count);
    CHECK((codes[i].bits >> codes[i].count) == 0);
    for (std::size_t other = 0; other < codes.size(); ++other) {
      if (frequencies[i] > frequencies[other] && codes[other].count > 0)
        CHECK(codes[i].count <= codes[other].count);
      // None begins with another.
      if (other == i || codes[other].count == 0 || codes[other].count < codes[i].count) continue;
      const unsigned beginning = codes[other].bits & ((1U << codes[i].count) - 1);
      CHECK(beginning != codes[i].bits);
    }
  }
  CHECK(taken == 1U << longest);
}

TEST_CASE("all kinds of frequencies") {
  check_code({5, 9, 12, 13, 16, 45}, 14);
  check_code({1, 1, 1, 1, 1}, 14);
  check_code(std::vector<std::uint32_t>(286, 1), 14);
  check_code(std::vector<std::uint32_t>(19, 7), 7);
  std::vector<std::uint32_t> sparse(286, 0);
  for (std::uint32_t i = 0; i < 286; i += 7) sparse[i] = i * i + 1;
  check_code(sparse, 14);
}

TEST_CASE("two have a code, if only one occurs, or none") {
  check_code({0, 0, 0, 0}, 14);
  check_code({9, 0, 0, 0}, 14);
  check_code({0, 0, 9, 0}, 14);
}

TEST_CASE("codes that would be too long are not") {
  std::vector<std::uint32_t> frequencies{1, 1};
  while (frequencies.size() < 19)
    frequencies.push_back(frequencies.back() + frequencies[frequencies.size() - 2]);
  check_code(frequencies, 15);
  check_code(frequencies, 14);
  check_code(frequencies, 7);
  check_code(frequencies, 5);
}

TEST_CASE("codes are numbered by length, then by symbol, and written from their highest bit on") {
  // RFC 1951 §3.2.2 has these.
  constexpr std::array<std::uint8_t, 8> kLengths{3, 3, 3, 3, 3, 2, 4, 4};
  constexpr std::array<std::uint16_t, 8> kCodes{0b010, 0b110, 0b001,  0b101,
                                                0b011, 0b00,  0b0111, 0b1111};
  std::array<Code, 8> codes;
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i].count = kLengths[i];
  number_codes(codes);
  for (std::size_t i = 0; i < codes.size(); ++i) CHECK(codes[i].bits == kCodes[i]);
}

}  // namespace
}  // namespace midge::websocket
