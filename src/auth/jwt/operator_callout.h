// Auth callout in operator mode: an account's claim names the users that are the service, and every
// other user of that account is but a guest at the door, whom the service says who it is. It may
// place guests in the account itself and in those it is allowed.
#pragma once

#include <memory>

#include "auth/jwt/callout_authenticator.h"
#include "auth/jwt/operator_authenticator.h"

namespace midge::auth::jwt {

class OperatorCallout final : public CalloutAuthenticator {
 public:
  OperatorCallout(std::shared_ptr<const OperatorAuthenticator> users,
                  std::shared_ptr<const CalloutServer> server, const ZoneSource& zones)
      : CalloutAuthenticator(std::move(server), zones), users_(std::move(users)) {}

  [[nodiscard]] bool required() const override { return users_->required(); }
  [[nodiscard]] bool wants_nonce() const override { return users_->wants_nonce(); }
  [[nodiscard]] bool is_slow(const LoginRequest& request) const override;

 private:
  [[nodiscard]] Local decide_here(const LoginRequest& request) const override;
  [[nodiscard]] Result<void> check_signer(const CalloutTerms& terms,
                                          const AuthorizationResponse& response) const override;
  [[nodiscard]] Result<Placed> place(const CalloutTerms& terms, const UserClaims& claims,
                                     WallTime now) const override;
  [[nodiscard]] Result<void> check_place(const CalloutTerms& terms, const UserClaims& claims) const;

  std::shared_ptr<const OperatorAuthenticator> users_;
};

}  // namespace midge::auth::jwt
