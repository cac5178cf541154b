// Claims as JSON, with nats-server's fields in its order. Pure; any thread.
#pragma once

#include "auth/jwt/claims.h"
#include "codec/json_writer.h"

namespace midge::auth::jwt {

// The members that all claims have, into the object that is open.
void write_head(codec::JsonWriter& json, const Head& head);

// The object that only this type of claim has.
void write_body(codec::JsonWriter& json, const OperatorClaims& claims);
void write_body(codec::JsonWriter& json, const AccountClaims& claims);
void write_body(codec::JsonWriter& json, const UserClaims& claims);
void write_body(codec::JsonWriter& json, const ActivationClaims& claims);
void write_body(codec::JsonWriter& json, const AuthorizationResponse& claims);

// All of it.
template <class Claims>
void write_claims(codec::JsonWriter& json, const Claims& claims) {
  json.begin_object();
  write_head(json, claims.head);
  json.key("nats");
  write_body(json, claims);
  json.end_object();
}

}  // namespace midge::auth::jwt
