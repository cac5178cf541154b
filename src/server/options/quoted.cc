#include "server/options/quoted.h"

namespace midge::server {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

// Length of the well-formed UTF-8 sequence at the front, or 0.
std::size_t sequence_length(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  std::size_t length = 0;
  if (first >= 0xC2 && first <= 0xDF) length = 2;
  if (first >= 0xE0 && first <= 0xEF) length = 3;
  if (first >= 0xF0 && first <= 0xF4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) return 0;
  return length;
}

void append_byte(std::string& out, char byte) {
  constexpr std::string_view kNamed = "\a\b\t\n\v\f\r\"\\";
  constexpr std::string_view kNames = "abtnvfr\"\\";
  const auto value = static_cast<unsigned char>(byte);
  if (const auto named = kNamed.find(byte); named != std::string_view::npos) {
    out += '\\';
    out += kNames[named];
  } else if (value < 0x20 || value >= 0x7F) {
    out += "\\x";
    out += kHex[value >> 4];
    out += kHex[value & 15];
  } else {
    out += byte;
  }
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    // The controls and the space between U+0080 and U+00A0 cannot be seen.
    const bool is_invisible =
        length == 2 && text[0] == '\xC2' && static_cast<unsigned char>(text[1]) <= 0xA0;
    if (length == 0) {
      append_byte(out, text[0]);
    } else if (is_invisible) {
      const auto value = static_cast<unsigned char>(text[1]);
      out += "\\u00";
      out += kHex[value >> 4];
      out += kHex[value & 15];
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + '"';
}

}  // namespace midge::server
