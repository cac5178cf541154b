// Puts the questions of logins to the services that decide them. The server implements it; the
// broker only knows that an answer comes.
#pragma once

#include <cstdint>

#include "auth/inquiry.h"
#include "broker/fwd.h"

namespace midge::broker {

class Inquirer {
 public:
  virtual ~Inquirer() = default;
  // On the loop of `worker`. What comes of it is told by Client::take_verdict(question, …) to the
  // client with this cid, once and in good time, unless the client or the loop is gone by then.
  virtual void inquire(Worker& worker, std::uint64_t cid, std::uint32_t question,
                       auth::InquiryPtr inquiry) = 0;
};

}  // namespace midge::broker
