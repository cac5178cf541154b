// Authentication as a configuration file describes it: a token, a single user, users with
// passwords or nkeys, the user of those who name none, certificates mapped to users, and trusted
// proxies. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "auth/auth_config.h"
#include "auth/authenticator.h"

namespace midge::auth {

class ConfigAuthenticator final : public Authenticator {
 public:
  // `map_certificates`: verify_and_map of the TLS block.
  ConfigAuthenticator(AuthConfig config, bool map_certificates);

  // Whether there is anything to decide.
  static bool is_needed(const AuthConfig& config);

  [[nodiscard]] bool required() const override;
  [[nodiscard]] bool wants_nonce() const override;
  [[nodiscard]] bool is_slow(const LoginRequest& request) const override;
  [[nodiscard]] Verdict decide(const LoginRequest& request) const override;

 private:
  struct User {
    UserConfig config;
    IdentityPtr identity;  // one for all sessions
    bool has_bcrypt = false;
  };
  using Index = tsl::robin_map<std::string, std::size_t>;  // name -> place in users_

  void add(UserConfig user);
  [[nodiscard]] const User* find(const Index& index, const std::string& name) const;
  // The user a password is asked for; null if none is.
  [[nodiscard]] const User* password_user(const LoginRequest& request) const;
  [[nodiscard]] bool names_nobody(const proto::ConnectOptions& connect) const;

  // `proxy`: the nkey of the trusted proxy that signed; "" = it came directly.
  [[nodiscard]] Verdict decide_user(const LoginRequest& request, const std::string& proxy) const;
  [[nodiscard]] Verdict decide_certificate(const LoginRequest& request,
                                           const std::string& proxy) const;
  [[nodiscard]] Verdict decide_nkey(const LoginRequest& request, const std::string& proxy) const;
  [[nodiscard]] Verdict decide_password(const LoginRequest& request,
                                        const std::string& proxy) const;
  [[nodiscard]] Verdict decide_token(const LoginRequest& request, const std::string& proxy) const;
  [[nodiscard]] Verdict decide_nobody(const LoginRequest& request, const std::string& proxy) const;
  // What holds for a user however it proves to be one.
  [[nodiscard]] Verdict admit(const User& user, const LoginRequest& request,
                              const std::string& proxy) const;

  AuthConfig config_;
  bool map_certificates_;
  std::vector<User> users_;
  Index by_name_, by_nkey_;
  User token_;  // what a token lets in as
};

}  // namespace midge::auth
