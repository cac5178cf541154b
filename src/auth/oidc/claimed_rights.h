// What a token lets its bearer publish and subscribe to: by a claim that says it, or by roles that
// the configuration knows. Pure functions; any thread.
#pragma once

#include <optional>

#include "auth/oidc/oidc_config.h"
#include "auth/permissions_config.h"
#include "base/result.h"
#include "codec/json_tree.h"

namespace midge::auth::oidc {

// `others`: of tokens where neither claim is configured. Nothing: all is allowed. Errors: the claim
// is missing, or says nothing that is understood: whoever lacks rights gets none.
Result<std::optional<PermissionsConfig>> read_rights(
    const codec::JsonValue& claims, const OidcConfig& config,
    const std::optional<PermissionsConfig>& others);

// What several roles allow together. Lists add up; a side on which none of them has a list of what
// is allowed is open.
PermissionsConfig united(const std::vector<const OidcRole*>& roles);

}  // namespace midge::auth::oidc
