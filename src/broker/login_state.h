// What a session keeps that is asked who it is. Part of Client; its loop's.
#pragma once

#include <string>

#include "broker/client.h"
#include "broker/login.h"
#include "io/timer.h"

namespace midge::broker {

struct Client::LoginState {
  explicit LoginState(Client& client) : timer(client) {}

  Login steps;
  std::string nonce;               // what is to be signed; the same as long as the session lives
  auth::AuthenticatorPtr decider;  // who was asked last
  std::uint32_t question = 0;      // which one an answer may be for
  bool asked_again = false;        // by a reload: the session goes on meanwhile
  bool by_connect = false;         // asked because of a CONNECT, which is to be finished then
  bool connect_begun = false;      // the first byte of the first frame may be CONNECT's
  proto::ParserLimits limits;      // of this session, where they are narrower than the server's
  bool asks_later = false;         // what the answer needs is not there yet: the timer asks again
  // Until CONNECT: that it takes too long. Then: that the identity expires.
  io::MemberTimer<&Client::on_login_timer> timer;
};

}  // namespace midge::broker
