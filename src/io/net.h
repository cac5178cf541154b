// Listening for connections and making them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "io/address.h"
#include "io/blocking_stream.h"
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
  // Connects. Blocking, as what it returns is: on the pool or at start only. `timeout` is for all
  // that is done with the connection. Errors: nobody is there, or the time is over.
  virtual Result<std::unique_ptr<BlockingStream>> dial(const Address& address,
                                                       Duration timeout) = 0;
  // The same for a loop: a stream not yet attached. Blocking, `timeout` is of the connecting.
  virtual Result<std::unique_ptr<Stream>> connect(const Address& address, Duration timeout) = 0;
  // The non-loopback addresses of this machine, for `connect_urls` of a server on 0.0.0.0.
  virtual std::vector<std::string> interface_addresses() = 0;
};

}  // namespace midge::io
