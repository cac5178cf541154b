// Takes a peer's frames apart, resumable at every byte, without copying payloads.
//
//   while ((step = decoder.next(input)) != kNeedMore) …
//
// Payloads come in the parts they arrive in, still masked; control frames come whole. What is wrong
// is said in nats-server's words. Text and binary messages are alike: NATS' bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "websocket/frame.h"
#include "websocket/mask.h"

namespace midge::websocket {

class FrameDecoder {
 public:
  enum class Step : std::uint8_t { kNeedMore, kPayload, kControl, kFault };

  // A part of a message's payload.
  struct Payload {
    std::string_view bytes;  // in the input; all zeros as mask: as they are
    Mask mask;
    bool compressed;
    bool ends_message;
  };

  // Whether a peer's frames are masked: a client's must be, a server's must not.
  enum class Masking : std::uint8_t { kRequired, kOptional, kRefused };

  // `compression`: was agreed on.
  void set_rules(Masking masking, bool compression) {
    masking_ = masking;
    compression_ = compression;
  }

  // Takes what it can off the front of `input`. Nothing follows a fault.
  Step next(std::string_view& input);

  [[nodiscard]] const Payload& payload() const { return payload_; }
  [[nodiscard]] Opcode control() const { return opcode_; }
  // Of a control frame, unmasked; until the next call.
  [[nodiscard]] std::string_view control_payload() const { return control_; }
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  static constexpr std::size_t kHeadMax = 14;

  // Takes bytes until the head is whole; kPayload: it is.
  Step take_head(std::string_view& input);
  // How many bytes the head has, as far as it is known.
  [[nodiscard]] std::size_t head_size() const;
  [[nodiscard]] std::string check_first() const;
  [[nodiscard]] std::string check_second() const;
  Step read_head();
  Step take_control(std::string_view& input);
  Step take_payload(std::string_view& input);
  Step fail(std::string text);

  std::array<std::uint8_t, kHeadMax> head_{};
  std::uint8_t head_filled_ = 0;
  Opcode opcode_ = Opcode::kBinary;
  Masking masking_ = Masking::kRequired;
  bool compression_ = false;
  bool in_message_ = false;  // its last frame is still to come
  bool compressed_ = false;  // the message is
  bool final_ = false;       // the data frame at hand is its message's last
  bool in_frame_ = false;    // its head is read
  bool has_mask_ = false;
  Mask mask_{};
  std::uint64_t left_ = 0;  // of the frame's payload
  Payload payload_{};
  std::string control_;
  std::string fault_;
};

}  // namespace midge::websocket
