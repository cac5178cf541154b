#include "websocket/close_status.h"

#include <algorithm>
#include <iterator>

#include "codec/json_utf8.h"
#include "websocket/frame.h"

namespace midge::websocket {
namespace {

constexpr std::size_t kStatusSize = 2;

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const codec::JsonRune rune = codec::first_rune(text);
    if (!rune.valid) return false;
    text.remove_prefix(rune.length);
  }
  return true;
}

struct StatusName {
  std::uint16_t status;
  std::string_view name;
};
constexpr StatusName kNames[] = {
    {kNormalClosure, "normal closure"},     {kGoingAway, "going away"},
    {kProtocolError, "protocol error"},     {kInvalidData, "invalid data"},
    {kPolicyViolation, "policy violation"}, {kMessageTooBig, "message too big"},
    {kInternalError, "internal error"},     {kTryAgainLater, "try again later"},
};

// Of a payload of two bytes at least.
std::uint16_t status_of(std::string_view payload) {
  return static_cast<std::uint16_t>(static_cast<std::uint8_t>(payload[0]) << 8 |
                                    static_cast<std::uint8_t>(payload[1]));
}

CloseAnswer fault_answer(std::string fault) {
  return {close_payload(kProtocolError, fault), fault};
}

}  // namespace

bool is_valid_close_status(std::uint16_t status) {
  if (status < 1000 || status > 4999) return false;
  if (status >= 1015 && status <= 2999) return false;
  return status != 1004 && status != kNoStatus && status != 1006;
}

std::string close_payload(std::uint16_t status, std::string_view text) {
  std::string payload;
  payload += static_cast<char>(status >> 8);
  payload += static_cast<char>(status & 0xFF);
  constexpr std::size_t kTextMax = kControlPayloadMax - kStatusSize;
  if (text.size() <= kTextMax) return payload.append(text);
  return payload.append(text.substr(0, kTextMax - 3)).append("...");
}

std::string close_text(std::string_view payload) {
  if (payload.size() < kStatusSize) return {};
  const std::uint16_t status = status_of(payload);
  std::string text = ": " + std::to_string(status);
  const auto known = std::ranges::find(kNames, status, &StatusName::status);
  if (known != std::end(kNames)) text.append(" ").append(known->name);
  payload.remove_prefix(kStatusSize);
  if (!payload.empty()) text.append(": ").append(payload);
  return text;
}

CloseAnswer answer_close(std::string_view payload) {
  if (payload.empty()) return {};
  if (payload.size() < kStatusSize) return fault_answer("close frame payload cannot be 1 byte");
  const std::uint16_t status = status_of(payload);
  if (!is_valid_close_status(status))
    return fault_answer("invalid close status code " + std::to_string(status));
  const std::string_view text = payload.substr(kStatusSize);
  if (!is_utf8(text)) return {close_payload(kInvalidData, "invalid utf8 body in close frame"), ""};
  return {close_payload(status, text), ""};
}

}  // namespace midge::websocket
