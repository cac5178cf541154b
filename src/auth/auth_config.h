// Who may log in, as the configuration says it. Accounts are named here; what they import and
// export is the broker's (broker/account_config.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "auth/oidc/oidc_config.h"
#include "auth/permissions_config.h"
#include "auth/resolver_config.h"
#include "base/time.h"

namespace midge::auth {

// Kinds of connection a user may be restricted to, as a set of bits.
enum ConnectionTypes : std::uint32_t {
  kAnyConnection = 0,
  kStandard = 1 << 0,
  kWebsocket = 1 << 1,
  kLeafnode = 1 << 2,
  kLeafnodeWs = 1 << 3,
  kMqtt = 1 << 4,
  kMqttWs = 1 << 5,
  kInProcess = 1 << 6,
};

// One entry of a users array, or the single user or token of an authorization block.
struct UserConfig {
  std::string user;                              // or nkey; the other is empty
  std::string password;                          // plain, or bcrypt by its prefix
  std::string nkey;                              // `U…`
  std::string account;                           // "" = `$G`
  std::optional<PermissionsConfig> permissions;  // its own, or the default of where it stands
  std::uint32_t connection_types = kAnyConnection;
  bool proxy_required = false;
  // Where it stands, for log lines that say which rule decided: `server.conf:12`.
  std::string place;

  // Whether it lets the same in, wherever it stands.
  bool operator==(const UserConfig& other) const {
    return user == other.user && password == other.password && nkey == other.nkey &&
           account == other.account && permissions == other.permissions &&
           connection_types == other.connection_types && proxy_required == other.proxy_required;
  }
};

struct CalloutConfig {
  std::string issuer;
  std::string account = "$G";
  std::vector<std::string> auth_users;
  std::string xkey;
  std::vector<std::string> allowed_accounts;

  bool operator==(const CalloutConfig&) const = default;
};

struct AuthConfig {
  std::string token;  // "" = none
  bool token_proxy_required = false;
  std::vector<UserConfig> users;  // of all accounts, in file order; the single user too
  // `users` holds no more than the one user of `authorization { user, password }` or `--user`.
  bool single_user = false;
  std::optional<PermissionsConfig> default_permissions;
  std::string no_auth_user;  // a user's name or nkey; "" = none
  Duration timeout = seconds(2);
  bool timeout_is_set = false;
  std::optional<CalloutConfig> callout;
  std::optional<OidcConfig> oidc;
  std::vector<std::string> trusted_proxies;  // public nkeys
  // The ConnectionTypes of listeners that map certificates to users (verify_and_map).
  std::uint32_t mapping_connections = 0;

  // Operator mode (auth/jwt/).
  std::vector<std::string> operator_jwts;  // the tokens, read from files where paths were given
  std::vector<std::string> trusted_keys;
  std::string default_sentinel;
  std::vector<std::string> pinned_accounts;
  std::optional<ResolverConfig> resolver;
  PreloadedClaims preloaded;

  bool operator==(const AuthConfig&) const = default;

  // Whether CONNECT must prove anything.
  [[nodiscard]] bool required() const {
    return !token.empty() || !users.empty() || callout || oidc || !operator_jwts.empty() ||
           !trusted_keys.empty();
  }
};

}  // namespace midge::auth
