// Auth callout: a service, a client like any other, says who may log in and as whom. What the two
// modes have in common: the question, every check of the answer, and what becomes of a session
// when the configuration changes: it is judged by the answer it came with, and nobody is asked.
//
// Life: shared; an inquiry under way keeps it. Thread: any.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "auth/authenticator.h"
#include "auth/inquiry.h"
#include "auth/jwt/callout_request.h"
#include "auth/jwt/claims.h"
#include "auth/jwt/time_zone.h"

namespace midge::auth::jwt {

// What a service said of a client; its identity keeps it.
struct Grant {
  CalloutTerms terms;
  UserClaims claims;
  std::string user;               // as monitoring shows it
  std::vector<std::string> tags;  // of the claim that it came with
};

class CalloutAuthenticator : public Authenticator,
                             public std::enable_shared_from_this<CalloutAuthenticator> {
 public:
  // `zones` outlives it.
  CalloutAuthenticator(std::shared_ptr<const CalloutServer> server, const ZoneSource& zones)
      : server_(std::move(server)), zones_(zones) {}

  [[nodiscard]] Verdict decide(const LoginRequest& request) const final;

 protected:
  // A login that is to be put to a service.
  struct Delegated {
    CalloutTerms terms;
    CalloutGuest guest;
    proto::ConnectOptions connect;  // as the service is shown it
    std::string proxy;              // the trusted one it came through
  };
  // What holds for logins here: they are decided, or delegated.
  using Local = std::variant<Verdict, Delegated>;
  [[nodiscard]] virtual Local decide_here(const LoginRequest& request) const = 0;
  // Whether the service may have signed this; asked unless its curve key proves that it did.
  [[nodiscard]] virtual Result<void> check_signer(const CalloutTerms& terms,
                                                  const AuthorizationResponse& response) const = 0;
  // Account, permissions, limits and expiry of a user that the service made, and its rights: those
  // of the claim, or of the role that its signing key stands for.
  struct Placed {
    Identity identity;
    UserRights rights;
  };
  [[nodiscard]] virtual Result<Placed> place(const CalloutTerms& terms, const UserClaims& claims,
                                             WallTime now) const = 0;

 private:
  class Question;

  [[nodiscard]] Verdict inquire(const LoginRequest& request, Delegated delegated) const;
  // Who the client is by this answer.
  [[nodiscard]] Verdict judge(const Question& question, std::string_view answer,
                              WallTime now) const;
  // What the answer says, if it is one to this question. Errors: as nats-server words them.
  [[nodiscard]] Result<UserClaims> open(const Question& question, std::string_view answer,
                                        WallTime now) const;
  [[nodiscard]] Verdict admit(Grant grant, const LoginRequest& request, const std::string& proxy,
                              WallTime now) const;

  std::shared_ptr<const CalloutServer> server_;
  const ZoneSource& zones_;
};

}  // namespace midge::auth::jwt
