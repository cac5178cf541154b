#include "codec/json_utf8.h"

namespace midge::codec {

JsonRune first_rune(std::string_view text) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
  const unsigned lead = byte(0);
  if (lead < 0x80) return {lead, 1, true};
  // Leads C0 and C1 could only start overlong forms, F5 and above only codes beyond U+10FFFF.
  if (lead < 0xC2 || lead > 0xF4) return {};
  const unsigned length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (text.size() < length) return {};
  char32_t code = lead & (0x7Fu >> length);
  for (unsigned at = 1; at < length; ++at) {
    if ((byte(at) & 0xC0) != 0x80) return {};
    code = (code << 6) | (byte(at) & 0x3F);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  if (code < kSmallest[length] || code > 0x10FFFF || surrogate) return {};
  return {code, static_cast<std::uint8_t>(length), true};
}

std::string to_valid_utf8(std::string_view text) {
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const JsonRune rune = first_rune(text);
    if (rune.valid)
      valid.append(text.substr(0, rune.length));
    else
      valid.append("\xEF\xBF\xBD");
    text.remove_prefix(rune.length);
  }
  return valid;
}

}  // namespace midge::codec
