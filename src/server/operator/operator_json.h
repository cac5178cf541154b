// An operator's claims as `/varz` shows them.
#pragma once

#include "auth/jwt/claims.h"
#include "codec/json_writer.h"

namespace midge::server {

void write_operator(codec::JsonWriter& json, const auth::jwt::OperatorClaims& claims);

}  // namespace midge::server
