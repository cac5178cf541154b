// Who decides about logins, made from what the configuration says.
#pragma once

#include "auth/authenticator.h"
#include "server/options/options.h"

namespace midge::server {

// Null: everybody is welcome.
auth::AuthenticatorPtr make_authenticator(const Options& options);

// Whether a reload from one to the other changes who may log in: sessions are asked anew then.
bool changes_logins(const Options& from, const Options& to);

}  // namespace midge::server
