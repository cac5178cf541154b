// `authorization { oidc {} }`: logins by tokens of an OpenID Connect issuer. Midge's own.
#pragma once

#include <optional>

#include "auth/oidc/oidc_config.h"
#include "codec/conf/sources.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

// Nothing: what is wrong with it is among the findings.
[[nodiscard]] std::optional<auth::OidcConfig> read_oidc(const conf::Member& member,
                                                        Findings& findings);

// Reads the files that the block names.
void load_oidc(const conf::Document& document, const conf::Sources& sources, Options& options,
               Findings& findings);

// What has to hold between the block and other options.
[[nodiscard]] Result<void> check_oidc(const Options& options);

// The accounts that tokens may place their bearers in: those that exist, but the system's.
[[nodiscard]] std::vector<std::string> oidc_accounts(const Options& options);

}  // namespace midge::server
