// Lets the server's own client in to the system account, by a secret of this process; everybody
// else is the business of the authenticator behind it. Immutable; any thread.
#pragma once

#include <string>

#include "auth/authenticator.h"

namespace midge::server {

class SystemLogin final : public auth::Authenticator {
 public:
  SystemLogin(std::string secret, std::string account, auth::AuthenticatorPtr others)
      : secret_(std::move(secret)), others_(std::move(others)) {
    auth::Identity identity;
    identity.account = std::move(account);
    identity.rule = "the server itself";
    identity_ = std::make_shared<const auth::Identity>(std::move(identity));
  }

  [[nodiscard]] bool required() const override { return others_->required(); }
  [[nodiscard]] bool wants_nonce() const override { return others_->wants_nonce(); }
  [[nodiscard]] bool is_slow(const auth::LoginRequest& request) const override {
    return !is_server(request) && others_->is_slow(request);
  }
  [[nodiscard]] auth::Verdict decide(const auth::LoginRequest& request) const override {
    return is_server(request) ? auth::Verdict(identity_) : others_->decide(request);
  }

 private:
  [[nodiscard]] bool is_server(const auth::LoginRequest& request) const {
    return request.connection_type == auth::kInProcess && request.connect.auth_token == secret_;
  }

  std::string secret_;
  auth::IdentityPtr identity_;
  auth::AuthenticatorPtr others_;
};

}  // namespace midge::server
