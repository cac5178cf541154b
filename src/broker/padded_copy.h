// Copies short texts in whole vectors, where both ends have room to spare: a call of memcpy with a
// few bytes costs more than the bytes.
#pragma once

#include <cstddef>
#include <cstring>
#include <string_view>

namespace midge::broker {

inline constexpr std::size_t kPadding = 16;

// Copies `text` to `to` and returns the end. Up to kPadding - 1 bytes behind the text are read, and
// behind the copy overwritten.
inline char* copy_padded(char* to, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); i += kPadding)
    std::memcpy(to + i, text.data() + i, kPadding);
  return to + text.size();
}

}  // namespace midge::broker
