// Authentication as a configuration file describes it: a token, a single user, users with
// passwords or nkeys, the user of those who name none, certificates mapped to users, and trusted
// proxies. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <tsl/robin_map.h>

#include "auth/auth_config.h"
#include "auth/authenticator.h"
#include "auth/distinguished_name.h"

namespace midge::auth {

class ConfigAuthenticator final : public Authenticator {
 public:
  // `map_certificates`: verify_and_map of the listener's TLS block. It is about users in arrays; a
  // single user and a token are asked for as ever.
  ConfigAuthenticator(AuthConfig config, bool map_certificates);

  // Whether there is anything to decide.
  static bool is_needed(const AuthConfig& config);

  [[nodiscard]] bool required() const override;
  [[nodiscard]] bool wants_nonce() const override;
  [[nodiscard]] bool only_computes() const override { return true; }
  [[nodiscard]] bool is_slow(const LoginRequest& request) const override;
  [[nodiscard]] Verdict decide(const LoginRequest& request) const override;

  // The user that a login says it is, proved or not; null if that is none of them.
  [[nodiscard]] const UserConfig* named(const LoginRequest& request) const;

 private:
  struct User {
    UserConfig config;
    IdentityPtr identity;  // one for all sessions
    bool has_bcrypt = false;
    bool needs_certificate = false;  // without a password it is a name in certificates only
  };
  using Index = tsl::robin_map<std::string, std::size_t>;  // name -> place in users_

  void add(UserConfig user);
  [[nodiscard]] const User* find(const Index& index, const std::string& name) const;
  // The user whom a certificate names; null if it names none.
  [[nodiscard]] const User* certificate_user(const LoginRequest& request) const;
  [[nodiscard]] const User* subject_user(const LoginRequest& request) const;
  [[nodiscard]] bool is_by_nkey(const proto::ConnectOptions& connect) const;
  // Whether a name and a password are what it comes by.
  [[nodiscard]] bool is_by_password(const proto::ConnectOptions& connect) const;
  [[nodiscard]] bool names_nobody(const proto::ConnectOptions& connect) const;

  // `proxy`: the nkey of the trusted proxy that signed; "" = it came directly.
  [[nodiscard]] Verdict decide_user(const LoginRequest& request, const std::string& proxy) const;
  [[nodiscard]] Verdict decide_certificate(const LoginRequest& request,
                                           const std::string& proxy) const;
  [[nodiscard]] Verdict decide_nkey(const LoginRequest& request, const std::string& proxy) const;
  [[nodiscard]] Verdict decide_password(const LoginRequest& request,
                                        const std::string& proxy) const;
  // Whether the password is the user's, now or when the session's identity was made.
  [[nodiscard]] static bool has_password(const User& user, const LoginRequest& request);
  // `user` may be null.
  [[nodiscard]] Verdict judge_password(const User* user, bool is_right, const LoginRequest& request,
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
  // Users who are called as certificates' subjects are; empty unless certificates are mapped.
  std::vector<std::pair<DistinguishedName, std::size_t>> subjects_;
  User token_;  // what a token lets in as
  // The highest of all passwords' costs; 0 = none is hashed. Whoever is refused by name and
  // password waits as long as that takes, so that the time does not tell who is a user, and which.
  int cost_max_ = 0;
};

}  // namespace midge::auth
