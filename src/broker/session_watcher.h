// Who wants to know of sessions that begin and end, on one loop.
#pragma once

#include "broker/close_reason.h"
#include "broker/stats.h"

namespace midge::broker {

class Client;

// Thread: the loop's. It comes in the middle of whatever the loop does: what follows waits for
// LoopService::on_tick().
class SessionWatcher {
 public:
  virtual ~SessionWatcher() = default;
  // CONNECT was read, and the client is in.
  virtual void on_session_begin(const Client& client) = 0;
  // Its login was refused; its end follows.
  virtual void on_login_refused(const Client& client) = 0;
  // A connection ended, logged in or not.
  virtual void on_session_end(const ConnectionInfo& info) = 0;
};

}  // namespace midge::broker
