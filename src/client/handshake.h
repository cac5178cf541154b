// How a client gets in: INFO comes, TLS if it has to be, CONNECT and PING go, PONG comes.
//
// A machine without I/O: each event yields what to do next. Thread: the connection's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/result.h"
#include "client/credentials.h"
#include "client/server_facts.h"
#include "proto/server_frame.h"

namespace midge::detail {

struct HandshakeTerms {
  Login login;                // as loaded
  ConnectTerms connect;       // but whether it is secure
  bool can_secure = false;    // the stream can be encrypted
  bool wants_secure = false;  // whatever the server says
  bool secure_first = false;
  bool in_frames = false;  // of a web socket, whose TLS is none of the server's business
};

class Handshake {
 public:
  enum class Action : std::uint8_t {
    kWait,
    kSecure,           // encrypt, then on_secured()
    kReconnectSecure,  // the server wants TLS, and this stream cannot
    kSend,             // `bytes`
    kDone,
    kFail,  // `error`
  };
  struct Step {
    Action action = Action::kWait;
    std::string bytes;
    std::optional<Error> error;
  };

  explicit Handshake(HandshakeTerms terms) : terms_(std::move(terms)) {}

  // The connection is there.
  Step on_open();
  Step on_secured();
  Step on_frame(const proto::ServerFrame& frame);

  [[nodiscard]] const ServerFacts& facts() const { return facts_; }
  // The server has refused who logs in.
  [[nodiscard]] bool refused() const { return refused_; }

 private:
  enum class Phase : std::uint8_t { kInfo, kSecuring, kPong };
  Step on_info(std::string_view json);
  Step log_in();
  Step fail(Error error);

  HandshakeTerms terms_;
  ServerFacts facts_;
  Phase phase_ = Phase::kInfo;
  bool secure_ = false;
  bool refused_ = false;
};

// Whether the text of an -ERR says that who logs in may not.
[[nodiscard]] bool is_auth_error(std::string_view text);

}  // namespace midge::detail
