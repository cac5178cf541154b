#include "auth/jwt/authorization_request.h"

#include "codec/json_writer.h"

namespace midge::auth::jwt {
namespace {

using codec::JsonReader;
using codec::JsonValue;
using codec::JsonWriter;

constexpr std::string_view kType = "authorization_request";

void write_server(JsonWriter& json, const AuthorizationRequest::Server& server) {
  json.key("server_id").begin_object();
  json.field("name", server.name).field("host", server.host).field("id", server.id);
  json.field_unless_empty("version", server.version).field_unless_empty("cluster", server.cluster);
  json.field_unless_empty("tags", server.tags);
  json.field_unless_empty("xkey", server.xkey).end_object();
}

void write_client(JsonWriter& json, const AuthorizationRequest::Client& client) {
  json.key("client_info").begin_object();
  json.field_unless_empty("host", client.host)
      .field_unless_empty("id", client.id)
      .field_unless_empty("user", client.user)
      .field_unless_empty("name", client.name);
  json.field_unless_empty("tags", client.tags);
  json.field_unless_empty("name_tag", client.name_tag)
      .field_unless_empty("kind", client.kind)
      .field_unless_empty("type", client.type)
      .field_unless_empty("mqtt_id", client.mqtt_id)
      .field_unless_empty("nonce", client.nonce)
      .end_object();
}

void write_connect(JsonWriter& json, const AuthorizationRequest::Connect& connect) {
  json.key("connect_opts")
      .begin_object()
      .field_unless_empty("jwt", connect.jwt)
      .field_unless_empty("nkey", connect.nkey)
      .field_unless_empty("sig", connect.sig)
      .field_unless_empty("auth_token", connect.auth_token)
      .field_unless_empty("user", connect.user)
      .field_unless_empty("pass", connect.pass)
      .field_unless_empty("name", connect.name)
      .field_unless_empty("lang", connect.lang)
      .field_unless_empty("version", connect.version)
      .field("protocol", connect.protocol)
      .end_object();
}

void write_tls(JsonWriter& json, const AuthorizationRequest::Tls& tls) {
  json.key("client_tls").begin_object();
  json.field_unless_empty("version", tls.version).field_unless_empty("cipher", tls.cipher);
  json.field_unless_empty("certs", tls.certs);
  if (!tls.verified_chains.empty()) {
    json.key("verified_chains").begin_array();
    for (const auto& chain : tls.verified_chains) json.value(chain);
    json.end_array();
  }
  json.end_object();
}

}  // namespace

Result<std::string> encode(AuthorizationRequest request, const crypto::NkeyPair& server) {
  request.head.audience = kAuthorizationAudience;
  JsonWriter json;
  json.begin_object();
  write_server(json, request.server);
  json.field("user_nkey", request.user_nkey);
  write_client(json, request.client);
  write_connect(json, request.connect);
  if (request.tls) write_tls(json, *request.tls);
  json.field_unless_empty("request_nonce", request.request_nonce);
  json.field("type", kType).field("version", 2).end_object();
  return encode_claims(std::move(request.head), json.text(), server);
}

Result<AuthorizationRequest> decode_authorization_request(std::string_view text) {
  ASSIGN_OR_RETURN(const Token token, open_token(text));
  if (token.type != kType || !crypto::is_public_nkey(crypto::NkeyKind::kServer, token.head.issuer))
    return failure("not authorization request claim", ErrorCode::kInvalid);
  AuthorizationRequest request{.head = token.head};
  JsonReader body(token.body(), "nats");
  body.read("user_nkey", request.user_nkey).read("request_nonce", request.request_nonce);
  const JsonValue* server = body.object("server_id");
  const JsonValue* client = body.object("client_info");
  const JsonValue* connect = body.object("connect_opts");
  const JsonValue* tls = body.object("client_tls");
  TRY(body.done());
  AuthorizationRequest::Server& s = request.server;
  TRY(JsonReader(server, "server_id")
          .read("name", s.name)
          .read("host", s.host)
          .read("id", s.id)
          .read("version", s.version)
          .read("cluster", s.cluster)
          .read("tags", s.tags)
          .read("xkey", s.xkey)
          .done());
  AuthorizationRequest::Client& c = request.client;
  std::int64_t id = 0;
  TRY(JsonReader(client, "client_info")
          .read("host", c.host)
          .read("id", id)
          .read("user", c.user)
          .read("name", c.name)
          .read("tags", c.tags)
          .read("name_tag", c.name_tag)
          .read("kind", c.kind)
          .read("type", c.type)
          .read("mqtt_id", c.mqtt_id)
          .read("nonce", c.nonce)
          .done());
  c.id = static_cast<std::uint64_t>(id);
  AuthorizationRequest::Connect& o = request.connect;
  TRY(JsonReader(connect, "connect_opts")
          .read("jwt", o.jwt)
          .read("nkey", o.nkey)
          .read("sig", o.sig)
          .read("auth_token", o.auth_token)
          .read("user", o.user)
          .read("pass", o.pass)
          .read("name", o.name)
          .read("lang", o.lang)
          .read("version", o.version)
          .read("protocol", o.protocol)
          .done());
  if (tls == nullptr) return request;
  AuthorizationRequest::Tls& t = request.tls.emplace();
  TRY(JsonReader(tls, "client_tls")
          .read("version", t.version)
          .read("cipher", t.cipher)
          .read("certs", t.certs)
          .done());
  return request;
}

}  // namespace midge::auth::jwt
