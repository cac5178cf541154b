// What a callout service is asked about a login: the claim, filled in, signed, and sealed where the
// service has a curve key.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "auth/permissions_config.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/nkey.h"

namespace midge::auth::jwt {

// Publishing here is denied to all users of the service's account: only the server asks.
inline constexpr const char* kCalloutSubject = "$SYS.REQ.USER.AUTH";
// The same permissions, without that.
PermissionsConfig without_requests(std::optional<PermissionsConfig> permissions);

// The server, as services know it, and what it signs and decrypts with.
struct CalloutServer {
  std::string name, host, version, cluster;
  std::vector<std::string> tags;
  crypto::NkeyPair key;  // the public one is the server's id
  crypto::NkeyPair xkey;
  Duration timeout;  // of logins: how long a request is good for
};

// Which service decides about a login.
struct CalloutTerms {
  std::string account;  // where it listens
  std::string subject;  // whom the request is about, to it: its issuer, or its account
  std::string xkey;     // "" = nothing is sealed
};

// What the chain of claims says of who wants in; empty without operators.
struct CalloutGuest {
  std::string user, name;
  std::vector<std::string> tags;
};

struct CalloutMessage {
  std::string user_nkey;  // made for this login: the answer must be about it
  std::string headers, payload;
};

// `tells_nonce`: INFO had one, so that the service may check a signature.
Result<CalloutMessage> make_callout_request(const LoginRequest& login, const CalloutServer& server,
                                            const CalloutTerms& terms, const CalloutGuest& guest,
                                            bool tells_nonce);

// What a login calls itself, as monitoring shows it; `guest` where it shows but a claim.
std::string raw_user(const proto::ConnectOptions& connect, const std::string& guest);

}  // namespace midge::auth::jwt
