// The operators a server trusts, and the keys with which they sign accounts. Immutable; any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt/claims.h"

namespace midge::auth::jwt {

class TrustedOperators {
 public:
  // `server_version`: what an operator's assert_server_version is held against. `trusted_keys`:
  // keys the configuration names itself, where it has no operators. Errors: as nats-server words
  // them.
  static Result<TrustedOperators> make(std::span<const std::string> operator_jwts,
                                       std::span<const std::string> trusted_keys,
                                       std::string_view server_version);

  // Whether accounts signed by this key are genuine.
  [[nodiscard]] bool trusts(std::string_view issuer) const;
  // Whether an account signed by this key must sign its users with signing keys.
  [[nodiscard]] bool is_strict(std::string_view issuer) const;
  // Whether this is the own key of an operator that signs accounts with signing keys only.
  [[nodiscard]] bool wants_signing_key(std::string_view issuer) const;
  [[nodiscard]] const std::vector<OperatorClaims>& claims() const { return claims_; }
  // That of the first operator which names one; "" = none does.
  [[nodiscard]] std::string system_account() const;

 private:
  struct Key {
    std::string text;
    bool is_strict = false;
  };
  [[nodiscard]] const Key* find(std::string_view issuer) const;

  std::vector<OperatorClaims> claims_;
  std::vector<Key> keys_;
};

}  // namespace midge::auth::jwt
