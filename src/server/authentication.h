// Who decides about logins, made from what the configuration says.
#pragma once

#include <optional>

#include "auth/authenticator.h"
#include "auth/oidc/key_source.h"
#include "server/options/options.h"

namespace midge::server {

// Who decides about logins, by the way that clients come in; null: everybody is welcome.
struct Logins {
  auth::AuthenticatorPtr clients;
  auth::AuthenticatorPtr web_sockets;  // often the same
};

// The options as they are for logins over web sockets; nothing if that makes no difference.
std::optional<Options> options_of_web_sockets(const Options& options);

// Whether certificates say who a client is.
bool maps_certificates(const Options& options);

// Null: everybody is welcome. Services that decide are not its business (callout/). `keys`: of the
// issuer, where tokens let in.
auth::AuthenticatorPtr make_authenticator(const Options& options,
                                          const auth::oidc::KeySourcePtr& keys);

// Whether a reload from one to the other changes who may log in: sessions are asked anew then.
bool changes_logins(const Options& from, const Options& to);

}  // namespace midge::server
