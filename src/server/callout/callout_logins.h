// Logins that services decide, put together from what the configuration and the server are.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "auth/jwt/callout_request.h"
#include "auth/jwt/operator_authenticator.h"
#include "auth/jwt/time_zone.h"
#include "crypto/nkey.h"
#include "server/identity.h"
#include "server/options/options.h"

namespace midge::server {

// The pairs behind the server's id and its xkey, made at start.
struct ServerKeys {
  crypto::NkeyPair key, xkey;
};

// `options` have a callout. `zones` outlives it.
auth::AuthenticatorPtr make_config_callout(const Options& options, const Identity& identity,
                                           const ServerKeys& keys,
                                           const auth::jwt::ZoneSource& zones);
// `users` decides where no account's claim names a service. `zones` outlives it.
auth::AuthenticatorPtr make_operator_callout(
    std::shared_ptr<const auth::jwt::OperatorAuthenticator> users, const Options& options,
    const Identity& identity, const ServerKeys& keys, const auth::jwt::ZoneSource& zones);

// What is wrong with the configured callout, and lets the server run nevertheless: for the log.
std::vector<std::string> callout_faults(const Options& options);

}  // namespace midge::server
