// `authorization { oidc {} }`: whose tokens let in, and as whom.
#pragma once

#include <string>
#include <vector>

#include "auth/permissions_config.h"
#include "base/time.h"

namespace midge::auth {

// What a name among the claim of roles stands for.
struct OidcRole {
  std::string name;
  PermissionsConfig permissions;
  std::string place;  // `server.conf:12`

  bool operator==(const OidcRole& other) const {
    return name == other.name && permissions == other.permissions;
  }
};

struct OidcConfig {
  std::string issuer;                 // as `iss` says it, to the letter
  std::vector<std::string> audience;  // one of them is in `aud`

  // Where the keys are: a file, a URL, or what the issuer's discovery document names.
  std::string jwks_file;
  std::string jwks;  // what the file holds
  std::string jwks_url;
  std::string ca_file;  // whom https believes; "" = the machine's roots
  // How often keys are fetched where the answer's Cache-Control says nothing.
  Duration jwks_refresh = minutes(10);
  // How long after a fetch an unknown key, or a failure, makes another.
  Duration jwks_retry = seconds(10);

  // Claims by their names, or as a path of names with dots between.
  std::string account_claim;  // "" = all go to `account`
  std::string account = "$G";
  std::string user_claim = "sub";
  std::string permissions_claim;  // "" = none
  std::string roles_claim;        // "" = none
  std::vector<OidcRole> roles;

  Duration leeway = seconds(30);  // of the clocks, in exp, nbf and iat
  std::string place;              // `server.conf:12`

  bool operator==(const OidcConfig&) const = default;
  // Whether the keys come from the same place.
  [[nodiscard]] bool same_keys(const OidcConfig& other) const {
    return issuer == other.issuer && jwks == other.jwks && jwks_url == other.jwks_url &&
           ca_file == other.ca_file;
  }
};

}  // namespace midge::auth
