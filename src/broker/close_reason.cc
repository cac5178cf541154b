#include "broker/close_reason.h"

#include <array>
#include <utility>

namespace midge::broker {

std::string_view to_text(CloseReason reason) {
  static constexpr std::array<std::string_view, kCloseReasons> kTexts = {
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

std::uint16_t web_socket_status(CloseReason reason) {
  constexpr std::uint16_t kNormal = 1000, kGoingAway = 1001, kProtocolError = 1002,
                          kPolicyViolation = 1008, kTooBig = 1009, kServerError = 1011, kTls = 1015;
  switch (reason) {
    case CloseReason::kClientClosed:
      return kNormal;
    case CloseReason::kAuthenticationTimeout:
    case CloseReason::kAuthenticationFailure:
    case CloseReason::kAuthenticationExpired:
    case CloseReason::kCredentialsRevoked:
    case CloseReason::kSlowConsumerPendingBytes:
    case CloseReason::kSlowConsumerWriteDeadline:
    case CloseReason::kMaximumConnectionsExceeded:
    case CloseReason::kMaximumAccountConnectionsExceeded:
    case CloseReason::kMaximumControlLineExceeded:
    case CloseReason::kMaximumSubscriptionsExceeded:
      return kPolicyViolation;
    case CloseReason::kTlsHandshakeFailure:
      return kTls;
    case CloseReason::kParseError:
    case CloseReason::kProtocolViolation:
    case CloseReason::kBadClientProtocolVersion:
      return kProtocolError;
    case CloseReason::kMaximumPayloadExceeded:
      return kTooBig;
    case CloseReason::kWriteError:
    case CloseReason::kReadError:
    case CloseReason::kStaleConnection:
    case CloseReason::kServerShutdown:
      return kGoingAway;
    case CloseReason::kProxyNotTrusted:
    case CloseReason::kProxyRequired:
    case CloseReason::kMemoryLimitReached:
    case CloseReason::kNoRespondersRequiresHeaders:
    case CloseReason::kKicked:
      return kServerError;
  }
  return kServerError;
}

}  // namespace midge::broker
