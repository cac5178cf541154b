#include "auth/jwt/callout_request.h"

#include <algorithm>
#include <utility>

#include "auth/jwt/authorization_request.h"
#include "crypto/xkey.h"

namespace midge::auth::jwt {
namespace {

constexpr std::int64_t kSecond = seconds(1).ns;
constexpr std::size_t kSeedSize = 32;

// The entropy of a login: a key of the user's, then the nonce of a box.
crypto::NkeyPair make_user(const LoginRequest& login) {
  std::array<unsigned char, kSeedSize> seed;
  std::copy_n(login.entropy.begin(), kSeedSize, seed.begin());
  return crypto::make_nkey(crypto::NkeyKind::kUser, seed);
}

crypto::BoxNonce box_nonce(const LoginRequest& login) {
  crypto::BoxNonce nonce;
  static_assert(kSeedSize + nonce.size() == std::tuple_size_v<decltype(login.entropy)>);
  std::copy_n(login.entropy.begin() + kSeedSize, nonce.size(), nonce.begin());
  return nonce;
}

struct TypeNames {
  std::uint32_t types;
  const char* kind;
  const char* type;
};

constexpr TypeNames kTypeNames[] = {
    {kStandard | kInProcess, "Client", "nats"},
    {kWebsocket, "Client", "websocket"},
    {kMqtt | kMqttWs, "Client", "mqtt"},
    {kLeafnode | kLeafnodeWs, "Leafnode", ""},
};

AuthorizationRequest::Client client_of(const LoginRequest& login, const CalloutGuest& guest,
                                       bool tells_nonce) {
  AuthorizationRequest::Client client;
  client.host = login.remote_host;
  client.id = login.cid;
  client.user = raw_user(login.connect, guest.user);
  client.name = login.connect.name;
  client.tags = guest.tags;
  client.name_tag = guest.name;
  for (const TypeNames& names : kTypeNames) {
    if ((names.types & login.connection_type) == 0) continue;
    client.kind = names.kind;
    client.type = names.type;
  }
  client.mqtt_id = login.mqtt_id;
  if (tells_nonce && !login.connect.sig.empty()) client.nonce = login.nonce;
  return client;
}

AuthorizationRequest::Connect connect_of(const proto::ConnectOptions& connect) {
  return {.jwt = connect.jwt,
          .nkey = connect.nkey,
          .sig = connect.sig,
          .auth_token = connect.auth_token,
          .user = connect.user,
          .pass = connect.pass,
          .name = connect.name,
          .lang = connect.lang,
          .version = connect.version,
          .protocol = connect.protocol};
}

std::optional<AuthorizationRequest::Tls> tls_of(const TlsPeer& peer) {
  if (!peer.encrypted) return std::nullopt;
  AuthorizationRequest::Tls tls{.version = peer.version, .cipher = peer.cipher};
  if (peer.verified)
    tls.verified_chains.push_back(peer.chain_pem);
  else
    tls.certs = peer.chain_pem;
  return tls;
}

}  // namespace

PermissionsConfig without_requests(std::optional<PermissionsConfig> permissions) {
  PermissionsConfig config = permissions ? std::move(*permissions) : PermissionsConfig{};
  if (!config.publish) config.publish.emplace();
  config.publish->deny.push_back({kCalloutSubject, ""});
  return config;
}

std::string raw_user(const proto::ConnectOptions& connect, const std::string& guest) {
  if (!connect.nkey.empty()) return connect.nkey;
  if (!connect.user.empty()) return connect.user;
  if (!guest.empty()) return guest;
  return connect.auth_token.empty() ? "" : "[REDACTED]";
}

Result<CalloutMessage> make_callout_request(const LoginRequest& login, const CalloutServer& server,
                                            const CalloutTerms& terms, const CalloutGuest& guest,
                                            bool tells_nonce) {
  CalloutMessage message;
  message.user_nkey = make_user(login).public_key;
  AuthorizationRequest request;
  request.head.subject = terms.subject;
  request.head.issued_at = login.now.ns / kSecond;
  request.head.expires = (login.now + server.timeout).ns / kSecond;
  request.server = {.name = server.name,
                    .host = server.host,
                    .id = server.key.public_key,
                    .version = server.version,
                    .cluster = server.cluster,
                    .tags = server.tags,
                    .xkey = terms.xkey.empty() ? "" : server.xkey.public_key};
  request.user_nkey = message.user_nkey;
  request.client = client_of(login, guest, tells_nonce);
  request.connect = connect_of(login.connect);
  request.tls = tls_of(login.tls);
  ASSIGN_OR_RETURN(message.payload, encode(std::move(request), server.key));
  if (terms.xkey.empty()) return message;
  ASSIGN_OR_RETURN(message.payload, crypto::seal_box(message.payload, server.xkey.seed, terms.xkey,
                                                     box_nonce(login)));
  message.headers = "NATS/1.0\r\nNats-Server-Xkey: " + server.xkey.public_key + "\r\n\r\n";
  return message;
}

}  // namespace midge::auth::jwt
