#include "crypto/base32.h"

namespace midge::crypto {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

// The five bits that `letter` stands for, or -1.
constexpr int bits_of(char letter) {
  if (letter >= 'A' && letter <= 'Z') return letter - 'A';
  if (letter >= '2' && letter <= '7') return letter - '2' + 26;
  return -1;
}

}  // namespace

std::string encode_base32(std::string_view bytes) {
  std::string text;
  unsigned pending = 0;  // its lowest `count` bits are not yet written
  unsigned count = 0;
  for (const char byte : bytes) {
    pending = (pending << 8) | static_cast<unsigned char>(byte);
    for (count += 8; count >= 5; count -= 5) text += kLetters[(pending >> (count - 5)) & 31];
    pending &= (1u << count) - 1;
  }
  if (count > 0) text += kLetters[(pending << (5 - count)) & 31];
  return text;
}

std::optional<std::string> decode_base32(std::string_view text) {
  std::string bytes;
  unsigned pending = 0;
  unsigned count = 0;
  for (const char letter : text) {
    const int bits = bits_of(letter);
    if (bits < 0) return std::nullopt;
    pending = ((pending << 5) | static_cast<unsigned>(bits)) & 0xFFF;
    count += 5;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>((pending >> count) & 0xFF);
  }
  return bytes;
}

}  // namespace midge::crypto
