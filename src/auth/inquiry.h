// A login that a service decides: what the service is to be asked, and what its answer means. Made
// by an Authenticator, carried by whoever runs the login (broker/inquirer.h).
//
// Immutable; any thread.
#pragma once

#include <string>
#include <string_view>

#include "auth/authenticator.h"
#include "base/time.h"

namespace midge::auth {

class Inquiry {
 public:
  virtual ~Inquiry() = default;

  // In whose account the service listens.
  [[nodiscard]] const std::string& account() const { return account_; }
  // A whole block, `NATS/1.0` and all; "" = none.
  [[nodiscard]] const std::string& headers() const { return headers_; }
  [[nodiscard]] const std::string& payload() const { return payload_; }

  // Who the client is by this answer, or why not; never another inquiry. Slow: on the pool.
  [[nodiscard]] virtual Verdict judge(std::string_view answer, WallTime now) const = 0;

 protected:
  std::string account_, headers_, payload_;
};

}  // namespace midge::auth
