#include "codec/go_quoted.h"

#include "codec/json_utf8.h"

namespace midge::codec {
namespace {

// Blanks and controls beyond ASCII that people meet; Go has a table of all of Unicode.
bool is_printable(char32_t code) {
  if (code < 0x20 || code == 0x7F) return false;
  if (code >= 0x80 && code <= 0xA0) return false;
  if (code == 0xAD || code == 0x3000 || code == 0xFEFF) return false;
  return !(code >= 0x2000 && code <= 0x200F) && !(code >= 0x2028 && code <= 0x202F);
}

void append_hex(std::string& out, std::string_view prefix, char32_t code, int digits) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out += prefix;
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += kHex[code >> shift & 15];
}

void append_escaped(std::string& out, char32_t code) {
  constexpr std::string_view kNamed = "\a\b\t\n\v\f\r\"\\";
  constexpr std::string_view kNames = "abtnvfr\"\\";
  const auto named = code < 0x80 ? kNamed.find(static_cast<char>(code)) : std::string_view::npos;
  if (named != std::string_view::npos) {
    out += '\\';
    out += kNames[named];
  } else if (code < 0x80) {
    append_hex(out, "\\x", code, 2);
  } else if (code < 0x10000) {
    append_hex(out, "\\u", code, 4);
  } else {
    append_hex(out, "\\U", code, 8);
  }
}

}  // namespace

std::string go_quoted(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const JsonRune rune = first_rune(text);
    if (!rune.valid)
      append_hex(out, "\\x", static_cast<unsigned char>(text.front()), 2);
    else if (rune.code == '"' || rune.code == '\\' || !is_printable(rune.code))
      append_escaped(out, rune.code);
    else
      out += text.substr(0, rune.length);
    text.remove_prefix(rune.length);
  }
  return out + '"';
}

}  // namespace midge::codec
