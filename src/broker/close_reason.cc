#include "broker/close_reason.h"

#include <array>
#include <utility>

namespace midge::broker {

std::string_view to_text(CloseReason reason) {
  static constexpr std::array<std::string_view, 25> kTexts = {
      "Client Closed",
      "Authentication Timeout",
      "Authentication Failure",
      "Authentication Expired",
      "Credentials Revoked",
      "Proxy Not Trusted",
      "Proxy Required",
      "TLS Handshake Failure",
      "Slow Consumer (Pending Bytes)",
      "Slow Consumer (Write Deadline)",
      "Write Error",
      "Read Error",
      "Parse Error",
      "Stale Connection",
      "Protocol Violation",
      "Bad Client Protocol Version",
      "Maximum Connections Exceeded",
      "Maximum Account Connections Exceeded",
      "Maximum Message Payload Exceeded",
      "Maximum Control Line Exceeded",
      "Maximum Subscriptions Exceeded",
      "Memory Limit Reached",
      "Server Shutdown",
      "No Responders Requires Headers",
      "Kicked",
  };
  static_assert(kTexts.size() == static_cast<std::size_t>(CloseReason::kKicked) + 1);
  return kTexts[std::to_underlying(reason)];
}

}  // namespace midge::broker
