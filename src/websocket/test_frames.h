// A client's frames, for tests.
#pragma once

#include <string>
#include <string_view>

#include "websocket/frame.h"
#include "websocket/mask.h"

namespace midge::websocket {

struct TestFrame {
  Opcode opcode = Opcode::kBinary;
  bool final = true;
  bool masked = true;
  std::uint8_t reserved = 0;  // bits of the first byte
};

inline std::string test_frame(std::string_view payload, const TestFrame& how = {}) {
  const FrameHead head(how.opcode, payload.size(), how.final);
  std::string frame(head.data(), head.size());
  frame[0] = static_cast<char>(static_cast<std::uint8_t>(frame[0]) | how.reserved);
  if (!how.masked) return frame.append(payload);
  frame[1] = static_cast<char>(static_cast<std::uint8_t>(frame[1]) | kMaskBit);
  constexpr Mask kMask{0xA1, 0x5B, 0x00, 0xFF};
  for (const std::uint8_t byte : kMask) frame += static_cast<char>(byte);
  std::string body(payload.size(), '\0');
  copy_masked(body.data(), payload.data(), payload.size(), kMask);
  return frame + body;
}

}  // namespace midge::websocket
