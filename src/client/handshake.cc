#include "client/handshake.h"

#include "base/ascii.h"

namespace midge::detail {

bool is_auth_error(std::string_view text) {
  for (const std::string_view start :
       {"authorization violation", "user authentication expired", "user authentication revoked",
        "account authentication expired"})
    if (text.size() >= start.size() && equal_ignoring_case(text.substr(0, start.size()), start))
      return true;
  return false;
}

Handshake::Step Handshake::fail(Error error) {
  return {.action = Action::kFail, .error = std::move(error)};
}

Handshake::Step Handshake::on_open() {
  if (!terms_.secure_first) return {};
  phase_ = Phase::kSecuring;
  return {.action = Action::kSecure};
}

Handshake::Step Handshake::on_secured() {
  secure_ = true;
  // With TLS first nothing is known of the server yet.
  if (terms_.secure_first) {
    phase_ = Phase::kInfo;
    return {};
  }
  return log_in();
}

Handshake::Step Handshake::on_frame(const proto::ServerFrame& frame) {
  using enum proto::ServerVerb;
  if (frame.verb == kErr) {
    refused_ = is_auth_error(frame.args);
    return fail(
        Error(std::string(frame.args), refused_ ? ErrorCode::kPermission : ErrorCode::kServer));
  }
  if (phase_ == Phase::kInfo) {
    if (frame.verb == kInfo) return on_info(frame.args);
    return fail(Error("the server does not begin with INFO", ErrorCode::kInvalid));
  }
  // Whoever can put words between us and the server must not be listened to.
  if (phase_ == Phase::kSecuring)
    return fail(Error("the server speaks in the clear where TLS begins", ErrorCode::kInvalid));
  if (phase_ == Phase::kPong && frame.verb == kPong) return {.action = Action::kDone};
  if (frame.verb == kPing) return {.action = Action::kSend, .bytes = "PONG\r\n"};
  if (frame.verb == kInfo) {
    if (auto read = read_info(frame.args, facts_); !read) return fail(std::move(read).error());
    return {};
  }
  if (frame.verb == kOk) return {};
  return fail(Error("the server sends messages before it has answered", ErrorCode::kInvalid));
}

Handshake::Step Handshake::on_info(std::string_view json) {
  if (auto read = read_info(json, facts_); !read) return fail(read.error().within("INFO"));
  if (secure_ || terms_.in_frames) return log_in();
  const bool wants = terms_.wants_secure || facts_.tls_required;
  if (!wants) return log_in();
  if (!facts_.tls_required && !facts_.tls_available)
    return fail(Error("the server has no TLS", ErrorCode::kInvalid));
  if (!terms_.can_secure) return {.action = Action::kReconnectSecure};
  phase_ = Phase::kSecuring;
  return {.action = Action::kSecure};
}

Handshake::Step Handshake::log_in() {
  ConnectTerms connect = terms_.connect;
  connect.secure = secure_;
  auto line = connect_line(terms_.login, facts_, connect);
  if (!line) return fail(std::move(line).error());
  phase_ = Phase::kPong;
  return {.action = Action::kSend, .bytes = *std::move(line) + "PING\r\n"};
}

}  // namespace midge::detail
