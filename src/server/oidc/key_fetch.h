// Fetches an issuer's keys: by the URL that is configured, or by the one its discovery document
// names. Blocks: on the pool.
#pragma once

#include "auth/oidc/jwk_set.h"
#include "auth/oidc/oidc_config.h"
#include "base/result.h"
#include "base/time.h"
#include "io/clock.h"
#include "io/net.h"
#include "tls/context.h"

namespace midge::server {

struct FetchedKeys {
  auth::oidc::JwkSetPtr keys;
  Duration max_age{};  // how long the issuer says they are good for; zero: it does not say
};

// Errors: what was asked for, and why there is no answer.
Result<FetchedKeys> fetch_keys(io::Net& net, io::Clock& clock, const auth::OidcConfig& config,
                               const tls::ContextPtr& trust);

// Of a Cache-Control header, within a minute and a day; zero if it says nothing, or not to keep.
Duration max_age_of(std::string_view cache_control);

}  // namespace midge::server
