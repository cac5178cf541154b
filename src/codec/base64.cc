#include "codec/base64.h"

#include <array>

namespace midge::codec {
namespace {

constexpr std::string_view kStdLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlLetters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr signed char kNoLetter = -1;

using Values = std::array<signed char, 256>;

constexpr Values values_of(std::string_view letters) {
  Values values{};
  values.fill(kNoLetter);
  for (std::size_t at = 0; at < letters.size(); ++at)
    values[static_cast<unsigned char>(letters[at])] = static_cast<signed char>(at);
  return values;
}

constexpr Values kStdValues = values_of(kStdLetters);
constexpr Values kUrlValues = values_of(kUrlLetters);

// Without line ends.
std::string one_line(std::string_view text) {
  std::string line;
  line.reserve(text.size());
  for (const char letter : text)
    if (letter != '\r' && letter != '\n') line += letter;
  return line;
}

// Cuts what pads the last group of four; false if it is not padded as it must be.
bool cut_padding(std::string& line) {
  if (line.size() % 4 != 0) return false;
  for (int most = 2; most > 0 && line.ends_with('='); --most) line.pop_back();
  return true;
}

}  // namespace

std::string encode_base64(Base64 alphabet, std::string_view bytes) {
  const std::string_view letters = alphabet == Base64::kStd ? kStdLetters : kUrlLetters;
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  unsigned bits = 0;
  unsigned count = 0;  // bits not yet written
  for (const char byte : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(byte);
    for (count += 8; count >= 6; count -= 6) text += letters[bits >> (count - 6) & 63];
  }
  if (count > 0) text += letters[bits << (6 - count) & 63];
  if (alphabet == Base64::kStd) text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::optional<std::string> decode_base64(Base64 alphabet, std::string_view text, SpareBits spare) {
  std::string line = one_line(text);
  if (alphabet == Base64::kStd && !cut_padding(line)) return std::nullopt;
  if (line.size() % 4 == 1) return std::nullopt;
  const Values& values = alphabet == Base64::kStd ? kStdValues : kUrlValues;
  std::string bytes;
  bytes.reserve(line.size() / 4 * 3 + 2);
  unsigned bits = 0;
  unsigned count = 0;
  for (const char letter : line) {
    const signed char value = values[static_cast<unsigned char>(letter)];
    if (value == kNoLetter) return std::nullopt;
    bits = bits << 6 | static_cast<unsigned>(value);
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 255);
    }
  }
  if (spare == SpareBits::kMustBeZero && (bits & ((1U << count) - 1)) != 0) return std::nullopt;
  return bytes;
}

}  // namespace midge::codec
