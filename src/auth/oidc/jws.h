// A compact JWS (RFC 7515): `header.claims.signature`, each base64url. Read, not yet believed.
// Pure functions; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"
#include "codec/json_tree.h"
#include "crypto/public_key.h"

namespace midge::auth::oidc {

// Longer tokens are not looked at.
constexpr std::size_t kTokenMax = 32 * 1024;

// Whether it has the form of one; says nothing of what is in it.
bool looks_like_jws(std::string_view text);

struct Jws {
  const crypto::SignatureAlgorithm* algorithm = nullptr;
  std::string key_id;            // "" = none is named
  codec::JsonValue claims;       // an object
  std::string_view signed_text;  // of the token that was read
  std::string signature;
};

// The claims alone, as somebody says them.
Result<codec::JsonValue> read_claims(std::string_view token);
// Errors: what is wrong with the form or header, fit for the log; never a part of the signature.
Result<Jws> read_jws(std::string_view token);

// The member of exactly this name; the last of several. Null: there is none, or it is null.
const codec::JsonValue* find_member(const codec::JsonValue& object, std::string_view name);
// A claim by its name, else by a path: `realm_access.roles`.
const codec::JsonValue* find_claim(const codec::JsonValue& claims, std::string_view path);

}  // namespace midge::auth::oidc
