// The request that opens a web socket, judged: the answer's bytes, and what was agreed on.
#pragma once

#include <string>
#include <string_view>

#include "base/time.h"
#include "io/web_socket_stream.h"
#include "websocket/http_head.h"
#include "websocket/origin.h"

namespace midge::websocket {

// What the listener is configured to say. Immutable; shared by its streams.
struct Terms {
  OriginRules origins;
  bool compression = false;
  std::string jwt_cookie, user_cookie, password_cookie, token_cookie;  // names; "" = none
  std::string headers;                // lines that the answer has in addition, with their ends
  Duration patience = seconds(10);    // until a connection has to be open
  std::size_t message_max = 8 << 20;  // of a compressed message, inflated
};

struct Upgrade {
  std::string answer;  // to be sent, whatever comes of it
  std::string fault;   // why it is refused; "" = the socket is open
  bool is_leafnode = false;
  bool compressed = false;
  bool masked = true;           // the client's frames are
  bool browser = false;         // which likes small frames
  bool whole_messages = false;  // and takes no compressed messages in pieces
  io::WebSocketVisitor visitor;
};

// `encrypted`: it came over TLS.
[[nodiscard]] Upgrade judge_upgrade(const RequestHead& head, const Terms& terms, bool encrypted);

// What Sec-WebSocket-Accept says to that Sec-WebSocket-Key.
[[nodiscard]] std::string accept_key(std::string_view key);

// What is answered to what is no request: a status line and little more.
[[nodiscard]] std::string refusal_of(HeadStatus status);

}  // namespace midge::websocket
