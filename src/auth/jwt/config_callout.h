// Auth callout as a configuration file describes it: one issuer signs answers and users, which are
// placed in the account that their audience names. Users of `auth_users`, among them the service
// itself, log in as the configuration says.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "auth/auth_config.h"
#include "auth/config_authenticator.h"
#include "auth/jwt/callout_authenticator.h"

namespace midge::auth::jwt {

class ConfigCallout final : public CalloutAuthenticator {
 public:
  // `config` has a callout; `accounts`: the names of all there are.
  ConfigCallout(const AuthConfig& config, bool map_certificates, std::vector<std::string> accounts,
                std::shared_ptr<const CalloutServer> server, const ZoneSource& zones);

  [[nodiscard]] bool required() const override { return users_.required(); }
  [[nodiscard]] bool wants_nonce() const override { return users_.wants_nonce(); }
  [[nodiscard]] bool is_slow(const LoginRequest& request) const override;

 private:
  [[nodiscard]] Local decide_here(const LoginRequest& request) const override;
  [[nodiscard]] Result<void> check_signer(const CalloutTerms& terms,
                                          const AuthorizationResponse& response) const override;
  [[nodiscard]] Result<Placed> place(const CalloutTerms& terms, const UserClaims& claims,
                                     WallTime now) const override;

  [[nodiscard]] bool is_auth_user(const LoginRequest& request) const;
  // Whether logins to this account are the service's business.
  [[nodiscard]] bool is_delegated(const std::string& account) const;
  static AuthConfig without_requests_of(const AuthConfig& config);

  CalloutConfig callout_;
  std::vector<std::string> trusted_proxies_;
  ConfigAuthenticator users_;
  std::set<std::string, std::less<>> accounts_;
};

}  // namespace midge::auth::jwt
