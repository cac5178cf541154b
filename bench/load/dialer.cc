#include "dialer.h"

#include "fail.h"

namespace midge::load {

Dialer::Dialer(std::uint16_t port, int loops, const std::string& place)
    : port_(port), loops_(loops) {
  if (place == "same") {
    place_ = Place::kSame;
  } else if (place == "apart") {
    place_ = Place::kApart;
  } else if (place == "spread") {
    place_ = Place::kSpread;
  } else {
    fail("--place is same, apart or spread");
  }
}

Socket Dialer::dial(Role role, const SocketShape& shape) {
  if (place_ != Place::kSpread) {
    const int wanted = place_ == Place::kApart && role == Role::kSubscriber ? 1 % loops_ : 0;
    for (; dialled_ % loops_ != wanted; ++dialled_) fillers_.push_back(Socket::dial(port_));
  }
  ++dialled_;
  return Socket::dial(port_, shape);
}

}  // namespace midge::load
