// Bits into bytes, the lowest first, as deflate has them (RFC 1951 §3.1.1).
//
//   add() at most 56 bits in all, then flush(); at last finish().
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace midge::websocket {

class BitWriter {
 public:
  // Writes up to this many bytes behind those that count.
  static constexpr std::size_t kSlack = 8;

  explicit BitWriter(char* into) : begin_(into), at_(into) {}

  // `bits` has nothing above its lowest `count`.
  void add(std::uint64_t bits, unsigned count) {
    bits_ |= bits << count_;
    count_ += count;
  }
  // Leaves less than a byte.
  void flush() {
    std::uint64_t bytes = bits_;
    if constexpr (std::endian::native == std::endian::big) bytes = __builtin_bswap64(bytes);
    std::memcpy(at_, &bytes, sizeof bytes);
    at_ += count_ / 8;
    bits_ >>= count_ & ~7U;
    count_ &= 7;
  }
  // Fills up the last byte. How many there are.
  std::size_t finish() {
    count_ = (count_ + 7) & ~7U;
    flush();
    return static_cast<std::size_t>(at_ - begin_);
  }

 private:
  char* const begin_;
  char* at_;
  std::uint64_t bits_ = 0;
  unsigned count_ = 0;
};

}  // namespace midge::websocket
