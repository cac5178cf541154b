// Who somebody is logged in as, as the system account's `$SYS.REQ.USER.INFO` tells them. Pure; any
// thread.
#pragma once

#include <string>
#include <string_view>

#include "auth/identity.h"
#include "base/time.h"

namespace midge::broker {

struct UserInfo {
  std::string_view user;           // as connz shows it
  std::string_view account;        // by name or public key
  std::string_view account_title;  // "" = its name
  const auth::Identity* identity;  // null: nobody was asked
  WallTime now;

  [[nodiscard]] std::string json() const;
};

}  // namespace midge::broker
