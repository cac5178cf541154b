// base64url for this room's tests, which must not include codec.
#pragma once

#include <string>
#include <string_view>

namespace midge::crypto {

inline std::string test_base64url(std::string_view text) {
  constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string bytes;
  unsigned bits = 0, count = 0;
  for (const char letter : text) {
    bits = (bits << 6) | static_cast<unsigned>(kAlphabet.find(letter));
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 0xff);
  }
  return bytes;
}

}  // namespace midge::crypto
