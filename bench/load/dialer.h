// Opens connections one after the other, and decides which of the server's loops gets which.
//
// Midge with `connection_placement: spread` gives connections to its loops in turn, in the order of
// accepting. So the dialer opens idle fillers until it is the turn of the loop that is wanted. It
// must be the server's first and only client. The peer has no such loops; it gets the same fillers.
#pragma once

#include <string>
#include <vector>

#include "socket.h"

namespace midge::load {

enum class Role { kPublisher, kSubscriber };

// As whom they log in.
struct Logins {
  Login publisher, subscriber;
};

class Dialer {
 public:
  // `place`: `same` = everybody on loop 0; `apart` = publishers on loop 0, subscribers on loop 1;
  // `spread` = in turn, as they come.
  Dialer(std::uint16_t port, int loops, const std::string& place, Logins logins);

  Socket dial(Role role, const SocketShape& shape = {});
  // For those dialled from now on.
  void log_in_as(Logins logins) { logins_ = std::move(logins); }

 private:
  enum class Place { kSame, kApart, kSpread };

  std::uint16_t port_;
  int loops_;
  Place place_;
  Logins logins_;
  int dialled_ = 0;
  std::vector<Socket> fillers_;
};

}  // namespace midge::load
