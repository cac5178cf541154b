// Digits of base 62, as NATS writes its ids.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace midge::codec {

inline constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

// `size` digits, each drawn by `random()`: 64 bits, of which the lowest 16 are not used.
std::string random_base62(std::size_t size, auto&& random) {
  std::string id(size, '0');
  for (char& digit : id) digit = kBase62[(random() >> 16) % kBase62.size()];
  return id;
}

}  // namespace midge::codec
