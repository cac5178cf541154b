// Why a web socket ends, as its Close frame says (RFC 6455 §7.4).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace midge::websocket {

enum CloseStatus : std::uint16_t {
  kNormalClosure = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kNoStatus = 1005,
  kInvalidData = 1007,
  kPolicyViolation = 1008,
  kMessageTooBig = 1009,
  kInternalError = 1011,
  kTryAgainLater = 1013,
};

// Whether a Close frame may carry it.
[[nodiscard]] bool is_valid_close_status(std::uint16_t status);

// A Close frame's payload; a text that is too long for one ends in `...`.
[[nodiscard]] std::string close_payload(std::uint16_t status, std::string_view text);

// What the payload of a Close frame says, for people: `: 1009 message too big: text`; "" = nothing.
[[nodiscard]] std::string close_text(std::string_view payload);

// The answer to the payload of a peer's Close frame.
struct CloseAnswer {
  std::string payload;
  std::string fault;  // what is wrong with it, "" = nothing; then the payload says that
};
[[nodiscard]] CloseAnswer answer_close(std::string_view payload);

}  // namespace midge::websocket
