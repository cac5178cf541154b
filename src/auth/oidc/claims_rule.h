// What the claims of a token must say, and who the one is that they speak of. Pure functions; any
// thread. Errors are why not: which claim, what was expected, what it says.
#pragma once

#include <string>

#include "auth/identity.h"
#include "auth/oidc/oidc_config.h"
#include "base/result.h"
#include "base/time.h"
#include "codec/json_tree.h"

namespace midge::auth::oidc {

// iss alone: whether a token is meant for this rule at all.
Result<void> check_issuer(const codec::JsonValue& claims, const OidcConfig& config);

// iss, aud and the times. What comes back is when the session ends: exp, and the leeway.
Result<WallTime> check_claims(const codec::JsonValue& claims, const OidcConfig& config,
                              WallTime now);

// Account and user. Whether there is such an account is for others to say.
struct Bearer {
  std::string account, user;
};
Result<Bearer> read_bearer(const codec::JsonValue& claims, const OidcConfig& config);

// A claim's value as the log shows it: quoted, and not all of a long one.
std::string shown_claim(const codec::JsonValue* value);

}  // namespace midge::auth::oidc
