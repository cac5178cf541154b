// What a server asks an auth callout service: who wants in, with what. The service answers with an
// AuthorizationResponse (claims.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt/claims.h"

namespace midge::auth::jwt {

inline constexpr const char* kAuthorizationAudience = "nats-authorization-request";

struct AuthorizationRequest {
  Head head;  // its audience is set when it is encoded
  struct Server {
    std::string name, host, id, version, cluster;
    std::vector<std::string> tags;
    std::string xkey;
  } server;
  std::string user_nkey;  // made for this login; the answer is about it
  struct Client {
    std::string host;
    std::uint64_t id = 0;
    std::string user, name;
    std::vector<std::string> tags;
    std::string name_tag, kind, type, mqtt_id, nonce;
  } client;
  struct Connect {  // as the client's CONNECT has them
    std::string jwt, nkey, sig, auth_token, user, pass, name, lang, version;
    int protocol = 0;
  } connect;
  struct Tls {
    std::string version, cipher;
    std::vector<std::string> certs;                         // PEM
    std::vector<std::vector<std::string>> verified_chains;  // PEM
  };
  std::optional<Tls> tls;
  std::string request_nonce;
};

Result<std::string> encode(AuthorizationRequest request, const crypto::NkeyPair& server);
Result<AuthorizationRequest> decode_authorization_request(std::string_view token);

}  // namespace midge::auth::jwt
