// Sizes in control lines: one to nine decimal digits and nothing else, leading zeros allowed.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::proto {

inline constexpr std::int32_t kNoSize = -1;

// kNoSize unless `text` is a size. Nine digits cannot overflow.
inline std::int32_t parse_size(std::string_view text) {
  if (text.empty() || text.size() > 9) return kNoSize;
  std::int32_t size = 0;
  for (const char letter : text) {
    const unsigned digit = static_cast<unsigned char>(letter) - unsigned{'0'};
    if (digit > 9) return kNoSize;
    size = size * 10 + static_cast<std::int32_t>(digit);
  }
  return size;
}

}  // namespace midge::proto
