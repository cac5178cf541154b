// Tokens of an OpenID Connect issuer in CONNECT's `jwt` or `auth_token`. What is no such token is
// another authenticator's to decide. Immutable; any thread.
//
// Nothing in a token is believed before its signature was checked, but for its issuer, which says
// only whether the token is to be looked at here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "auth/oidc/jws.h"
#include "auth/oidc/key_source.h"
#include "auth/oidc/oidc_config.h"

namespace midge::auth::oidc {

// What the configuration says beside the block.
struct OidcSurroundings {
  std::vector<std::string> accounts;  // that exist; those a token may not enter are left out
  std::optional<PermissionsConfig> default_permissions;
  std::vector<std::string> trusted_proxies;
};

class OidcAuthenticator final : public Authenticator {
 public:
  // `others`: null = whoever has no token is refused.
  OidcAuthenticator(OidcConfig config, OidcSurroundings surroundings, KeySourcePtr keys,
                    AuthenticatorPtr others);

  [[nodiscard]] bool required() const override;
  [[nodiscard]] bool wants_nonce() const override;
  [[nodiscard]] bool is_slow(const LoginRequest& request) const override;
  [[nodiscard]] Verdict decide(const LoginRequest& request) const override;

 private:
  [[nodiscard]] Verdict decide_token(const LoginRequest& request, const std::string& token) const;
  [[nodiscard]] Verdict decide_others(const LoginRequest& request, const std::string& why) const;
  // Nothing: the signature is the issuer's.
  [[nodiscard]] std::optional<Verdict> check_signature(const Jws& jws) const;
  [[nodiscard]] Result<IdentityPtr> identify(const codec::JsonValue& claims, WallTime now,
                                             const std::string& proof) const;

  OidcConfig config_;
  OidcSurroundings surroundings_;
  KeySourcePtr keys_;
  AuthenticatorPtr others_;
  std::string proof_salt_;  // where the keys come from: another place proves anew
};

}  // namespace midge::auth::oidc
