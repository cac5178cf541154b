// Why a connection ended, in the words that connz and disconnect events use.
#pragma once

#include <cstdint>
#include <string_view>

namespace midge::broker {

enum class CloseReason : std::uint8_t {
  kClientClosed,
  kAuthenticationTimeout,
  kAuthenticationFailure,
  kAuthenticationExpired,
  kCredentialsRevoked,
  kProxyNotTrusted,
  kProxyRequired,
  kTlsHandshakeFailure,
  kSlowConsumerPendingBytes,
  kSlowConsumerWriteDeadline,
  kWriteError,
  kReadError,
  kParseError,
  kStaleConnection,
  kProtocolViolation,
  kBadClientProtocolVersion,
  kMaximumConnectionsExceeded,
  kMaximumAccountConnectionsExceeded,
  kMaximumPayloadExceeded,
  kMaximumControlLineExceeded,
  kMaximumSubscriptionsExceeded,
  kMemoryLimitReached,
  kServerShutdown,
  kNoRespondersRequiresHeaders,
  kKicked,
};
inline constexpr unsigned kCloseReasons = 25;

std::string_view to_text(CloseReason reason);

// The status of the Close frame that a web socket ends with.
std::uint16_t web_socket_status(CloseReason reason);

}  // namespace midge::broker
