// Who a session is once it has logged in. Immutable and shared; a reload or a changed claim makes
// new ones.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "auth/permissions.h"
#include "base/time.h"

namespace midge::auth {

namespace jwt {
struct Grant;
}

struct Identity {
  std::string account = "$G";  // by name (config) or public key (operator mode)
  std::string user;            // as connz's authorized_user shows it: a name or an nkey; "" = none
  std::string user_name;       // what the user's claim calls it; "" = nothing
  std::string name_tag;        // what the account is called by its claim, or else itself
  std::vector<std::string> tags;
  std::string jwt;                                 // in operator mode
  std::string issuer_key;                          // of the user's claim
  std::shared_ptr<const Permissions> permissions;  // null = everything is allowed
  std::int64_t max_subscriptions = -1;             // of this connection; -1 = as the server's
  std::int64_t max_payload = -1;
  WallTime expires{};                 // zero = never
  bool expires_with_account = false;  // it is the account's claim that expires then
  std::string rule;                   // which rule of which file or claim let it in, for the log
  bool by_certificate = false;        // its name is that of a certificate (verify_and_map)
  std::string proxy;                  // the nkey of the trusted proxy it came through; "" = none
  // A digest of what its secret was checked against; equal digests need no second check.
  std::string proof;
  // What a callout service said of it (jwt/callout_authenticator.h); null: no service was asked.
  std::shared_ptr<const jwt::Grant> grant;
};

using IdentityPtr = std::shared_ptr<const Identity>;

}  // namespace midge::auth
