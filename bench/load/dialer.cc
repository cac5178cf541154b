#include "dialer.h"

#include "fail.h"

namespace midge::load {

Dialer::Dialer(std::uint16_t port, int loops, const std::string& place, Logins logins)
    : port_(port), loops_(loops), logins_(std::move(logins)) {
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
  const Login& login = role == Role::kPublisher ? logins_.publisher : logins_.subscriber;
  if (place_ != Place::kSpread) {
    const int wanted = place_ == Place::kApart && role == Role::kSubscriber ? 1 % loops_ : 0;
    for (; dialled_ % loops_ != wanted; ++dialled_) fillers_.push_back(Socket::dial(port_, login));
  }
  ++dialled_;
  return Socket::dial(port_, login, shape);
}

}  // namespace midge::load
