// The configuration's `websocket {}`: a value type, as written.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"
#include "tls/tls_config.h"

namespace midge::server {

struct WebSocketOptions {
  std::string host;  // "" = 0.0.0.0
  int port = 0;      // 0: no listener; -1: any free one
  std::string advertise;
  bool no_tls = false;
  std::optional<tls::TlsConfig> tls;
  bool same_origin = false;
  std::vector<std::string> allowed_origins;
  bool compression = false;
  Duration handshake_timeout{};  // zero: the default
  Duration ping_interval{};      // zero: as other clients'
  std::map<std::string, std::string> headers;
  std::string jwt_cookie, user_cookie, pass_cookie, token_cookie;
  // In place of what other clients log in with, if any of them is set.
  std::string user, password, token, no_auth_user;
  Duration auth_timeout{};  // zero: as other clients'
  // Midge's own: what all compressed messages of which a part is still to come may take of memory.
  std::int64_t compression_memory = 64 << 20;

  [[nodiscard]] bool overrides_logins() const {
    return !user.empty() || !token.empty() || !no_auth_user.empty();
  }
  bool operator==(const WebSocketOptions&) const = default;
};

}  // namespace midge::server
