// UTF-8 as Go decodes it: what is not well-formed is one U+FFFD per byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace midge::codec {

struct JsonRune {
  char32_t code = 0xFFFD;
  std::uint8_t length = 1;
  bool valid = false;
};

// The rune at the front of `text`, which is not empty.
JsonRune first_rune(std::string_view text);

// `text` with every malformed byte replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace midge::codec
