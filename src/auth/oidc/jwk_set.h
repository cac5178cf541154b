// A JWK set (RFC 7517, 8037): an issuer's public keys. Pure functions; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/public_key.h"

namespace midge::auth::oidc {

struct Jwk {
  std::string id;         // "" = it has none
  std::string algorithm;  // the only one it is for; "" = any of its kind
  crypto::PublicKey key;

  [[nodiscard]] bool is_for(const crypto::SignatureAlgorithm& algorithm) const;
};

struct JwkSet {
  std::vector<Jwk> keys;
  std::vector<std::string> left_out;  // which keys cannot be used, and why

  // The keys that may have made such a signature: the one that is named, or all where none is.
  [[nodiscard]] std::vector<const Jwk*> find(std::string_view id,
                                             const crypto::SignatureAlgorithm& algorithm) const;
};
using JwkSetPtr = std::shared_ptr<const JwkSet>;

// Keys that sign nothing, or in ways that are not known, are left out. Errors: not a JWK set, or
// none of its keys can be used.
Result<JwkSetPtr> read_jwk_set(std::string_view json);

}  // namespace midge::auth::oidc
