// Masking against its definition, a byte at a time, at all lengths and distances that the fast path
// distinguishes.
#include "websocket/mask.h"

#include <doctest/doctest.h>

#include <cstring>
#include <string>

namespace midge::websocket {
namespace {

constexpr Mask kMask{0x12, 0x9A, 0xF0, 0x07};

std::string masked_slowly(std::string bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ kMask[i % 4]);
  return bytes;
}

std::string sample(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + 3);
  return bytes;
}

TEST_CASE("bytes are masked in place and towards the front, whatever their number") {
  for (std::size_t size = 0; size < 140; ++size) {
    for (std::size_t distance = 0; distance < 40; ++distance) {
      const std::string bytes = sample(size);
      std::string room = std::string(distance, 'x') + bytes;
      copy_masked(room.data(), room.data() + distance, size, kMask);
      CHECK(room.substr(0, size) == masked_slowly(bytes));
    }
  }
}

TEST_CASE("a rotated mask goes on where the first part ended") {
  const std::string bytes = sample(100);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    std::string out(bytes.size(), '\0');
    copy_masked(out.data(), bytes.data(), cut, kMask);
    copy_masked(out.data() + cut, bytes.data() + cut, bytes.size() - cut, rotated(kMask, cut));
    CHECK(out == masked_slowly(bytes));
  }
}

}  // namespace
}  // namespace midge::websocket
