// The heads of frames (RFC 6455 §5.2), as a server writes them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace midge::websocket {

enum class Opcode : std::uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

[[nodiscard]] constexpr bool is_control(Opcode opcode) {
  return static_cast<std::uint8_t>(opcode) >= static_cast<std::uint8_t>(Opcode::kClose);
}

inline constexpr std::uint8_t kFinalBit = 0x80;
inline constexpr std::uint8_t kCompressedBit = 0x40;  // RSV1, by RFC 7692
inline constexpr std::uint8_t kReservedBits = 0x30;
inline constexpr std::uint8_t kMaskBit = 0x80;
inline constexpr std::size_t kControlPayloadMax = 125;

class FrameHead {
 public:
  static constexpr std::size_t kSizeMax = 10;

  FrameHead() = default;
  FrameHead(Opcode opcode, std::size_t payload, bool final = true, bool compressed = false) {
    bytes_[0] = static_cast<char>(static_cast<std::uint8_t>(opcode) | (final ? kFinalBit : 0) |
                                  (compressed ? kCompressedBit : 0));
    if (payload <= kControlPayloadMax) {
      bytes_[1] = static_cast<char>(payload);
    } else {
      const bool is_short = payload <= 0xFFFF;
      bytes_[1] = is_short ? 126 : 127;
      const std::size_t length = is_short ? 2 : 8;
      for (std::size_t i = 0; i < length; ++i)
        bytes_[2 + i] = static_cast<char>(payload >> 8 * (length - 1 - i) & 0xFF);
      size_ += static_cast<std::uint8_t>(length);
    }
  }

  [[nodiscard]] const char* data() const { return bytes_.data(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::array<char, kSizeMax> bytes_{};
  std::uint8_t size_ = 2;
};

}  // namespace midge::websocket
