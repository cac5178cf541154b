// How a session logs in, as a machine: step(event) says what is to be done. It knows nothing of
// connections; the Client does what it says.
//
// Frames are only taken when the session is in. What comes before CONNECT is asked about as
// nobody's (no_auth_user), and so is what comes in place of it.
#pragma once

#include <cstdint>

namespace midge::broker {

class Login {
 public:
  enum class Event : std::uint8_t {
    kConnect,     // CONNECT was read
    kOtherFrame,  // something else was, or begins
    kGranted,     // the answer to kAsk or kAskAsNobody
    kRefused,     // the same
    kReferred,    // the same: a service knows, and its answer comes as kGranted or kRefused
    kOutOfTime,   // no CONNECT for too long
    kExpired,     // what let it in holds no longer
  };
  enum class Action : std::uint8_t {
    kNone,
    kAsk,          // who it is; read nothing until the answer is there
    kAskAsNobody,  // the same, with empty credentials
    kInquire,      // of that service
    kEnter,        // with the new identity
    kRefuse,
    kTimeOut,
    kExpire,
  };

  Action step(Event event);
  [[nodiscard]] bool is_in() const { return stage_ == Stage::kIn; }
  // An answer is awaited.
  [[nodiscard]] bool is_asking() const { return stage_ == Stage::kAsking; }

 private:
  enum class Stage : std::uint8_t { kGreeted, kAsking, kIn, kOut };
  Action go(Stage stage, Action action) {
    stage_ = stage;
    return action;
  }
  Stage stage_ = Stage::kGreeted;
};

}  // namespace midge::broker
