// Listening for connections and making them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/address.h"
#include "io/loop.h"
#include "io/stream.h"

namespace midge::io {

class ListenerEvents {
 public:
  virtual ~ListenerEvents() = default;
  // A connection, not yet attached: attach it on this loop or mail it to another. The loop's
  // thread.
  virtual void on_accept(std::unique_ptr<Stream> stream) = 0;
  // Accepting failed (no descriptors left): the listener pauses for a second by itself.
  virtual void on_accept_error(const Error& error) = 0;
};

// Destruction closes it.
class Listener {
 public:
  virtual ~Listener() = default;
  // The bound address, with the port that was chosen where 0 was asked for.
  [[nodiscard]] virtual Address address() const = 0;
};

class Net {
 public:
  virtual ~Net() = default;
  // Binds and listens at once, accepts once the loop runs. Port 0 picks a free one. Host "" or
  // "0.0.0.0" listens on IPv4 and IPv6; a name is resolved (blocking: at start only).
  // Errors: kInUse, kPermission, kInvalid; the text is the system's.
  virtual Result<std::unique_ptr<Listener>> listen(Loop& loop, const Address& address,
                                                   ListenerEvents& events) = 0;
  // Connects, says `request`, and returns all that comes until the peer closes. Blocking: on the
  // pool or at start only. Errors: no connection, `timeout` for all of it, or more than
  // `answer_max`.
  virtual Result<std::string> exchange(const Address& address, std::string_view request,
                                       Duration timeout, std::size_t answer_max) = 0;
  // The non-loopback addresses of this machine, for `connect_urls` of a server on 0.0.0.0.
  virtual std::vector<std::string> interface_addresses() = 0;
};

}  // namespace midge::io
