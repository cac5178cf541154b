// From permissions as claims write them to permissions as this server compiles them.
#pragma once

#include "auth/jwt/claims.h"
#include "auth/permissions_config.h"

namespace midge::auth::jwt {

// The rules are valid: claims_check has seen them.
PermissionsConfig to_config(const ClaimedPermissions& permissions);

}  // namespace midge::auth::jwt
