// A part of a message as deflate tells it (RFC 1951 §3.2.5): a byte as it is, `length` bytes that
// are also `distance` bytes before, or the end. Already in symbols of the two alphabets, and what
// those leave open.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace midge::websocket {

class Token {
 public:
  static constexpr std::size_t kLengthMin = 3, kLengthMax = 258, kDistanceMax = 32 * 1024;
  static constexpr unsigned kEnd = 256, kLengths = 257;       // symbols
  static constexpr unsigned kSymbols = 286, kDistances = 30;  // the alphabets' sizes
  static constexpr unsigned kNoDistance = kDistances;         // the symbol of what is no match

  Token() = default;
  static constexpr Token literal(char byte) { return Token(static_cast<std::uint8_t>(byte)); }
  static constexpr Token end() { return Token(kEnd); }
  static Token match(std::size_t length, std::size_t distance);

  [[nodiscard]] unsigned symbol() const { return bits_ & 0x1FF; }
  [[nodiscard]] unsigned length_rest() const { return bits_ >> 9 & 0x1F; }
  [[nodiscard]] unsigned distance_symbol() const { return bits_ >> 14 & 0x1F; }
  [[nodiscard]] unsigned distance_rest() const { return bits_ >> 19; }

  // How many bits a symbol leaves open.
  static constexpr unsigned length_bits(unsigned symbol) {
    if (symbol < kLengths + 8 || symbol == kSymbols - 1) return 0;
    return (symbol - kLengths) / 4 - 1;
  }
  static constexpr unsigned distance_bits(unsigned symbol) {
    return symbol < 4 ? 0 : symbol / 2 - 1;
  }

 private:
  constexpr explicit Token(unsigned symbol, unsigned distance = kNoDistance)
      : bits_(symbol | distance << 14) {}

  // With the symbol, and what it leaves open in its place.
  static constexpr std::uint16_t of_length(std::size_t length) {
    if (length == kLengthMax) return kSymbols - 1;
    const auto over = static_cast<unsigned>(length - kLengthMin);
    if (over < 8) return static_cast<std::uint16_t>(kLengths + over);
    const auto open = static_cast<unsigned>(std::bit_width(over)) - 3;
    return static_cast<std::uint16_t>((kLengths + 4 * open + (over >> open)) |
                                      (over & ((1U << open) - 1)) << 9);
  }
  static const std::array<std::uint16_t, kLengthMax + 1> kOfLength;

  std::uint32_t bits_ = 0;
};

inline constexpr std::array<std::uint16_t, Token::kLengthMax + 1> Token::kOfLength = [] {
  std::array<std::uint16_t, kLengthMax + 1> all{};
  for (std::size_t length = kLengthMin; length <= kLengthMax; ++length)
    all[length] = of_length(length);
  return all;
}();

inline Token Token::match(std::size_t length, std::size_t distance) {
  const auto over = static_cast<unsigned>(distance - 1);
  // The two highest bits make the symbol; below 4 there are no others.
  const auto open = static_cast<unsigned>(std::bit_width(over | 2)) - 2;
  Token token(kOfLength[length], 2 * open + (over >> open));
  token.bits_ |= (over & ((1U << open) - 1)) << 19;
  return token;
}

}  // namespace midge::websocket
