// Goal: [AUTH-52] the request that a callout service gets, as nats-server writes it.
// Method: the JSON of one, and back.
#include "auth/jwt/authorization_request.h"

#include <doctest/doctest.h>

#include "auth/jwt/key_fixture.h"
#include "codec/base64.h"

namespace midge::auth::jwt {
namespace {

const crypto::NkeyPair kServer = test_key(crypto::NkeyKind::kServer, 1);

AuthorizationRequest example() {
  AuthorizationRequest request;
  request.head.subject = "SUB";
  request.head.expires = 2;
  request.head.issued_at = 1;
  request.server = {.name = "s", .host = "h", .id = "i", .version = "2.15.2", .tags = {"a", "b"}};
  request.user_nkey = "UKEY";
  request.client = {.host = "127.0.0.1", .id = 8, .user = "joe", .kind = "Client", .type = "nats"};
  request.connect = {.user = "joe", .pass = "pw", .protocol = 1};
  return request;
}

std::string claims_of(const std::string& token) {
  const std::size_t first = token.find('.') + 1;
  return codec::decode_base64(codec::Base64::kRawUrl,
                              std::string_view(token).substr(first, token.rfind('.') - first))
      .value();
}

TEST_CASE("authorization request: fields and their order") {
  const std::string claims = claims_of(encode(example(), kServer).value());
  CHECK(claims.starts_with(R"({"aud":"nats-authorization-request","exp":2,"jti":")"));
  CHECK(claims.ends_with(
      R"(,"nats":{"server_id":{"name":"s","host":"h","id":"i","version":"2.15.2","tags":["a","b"]},)"
      R"("user_nkey":"UKEY","client_info":{"host":"127.0.0.1","id":8,"user":"joe","kind":"Client",)"
      R"("type":"nats"},"connect_opts":{"user":"joe","pass":"pw","protocol":1},)"
      R"("type":"authorization_request","version":2}})"));
}

TEST_CASE("authorization request: and back") {
  AuthorizationRequest request = example();
  request.tls = AuthorizationRequest::Tls{.version = "1.3", .certs = {"pem"}};
  const auto read = decode_authorization_request(encode(request, kServer).value());
  REQUIRE(read);
  CHECK(read->server.tags == request.server.tags);
  CHECK(read->client.id == 8);
  CHECK(read->connect.pass == "pw");
  CHECK(read->tls->certs == request.tls->certs);
  // Only servers ask.
  const auto account = test_key(crypto::NkeyKind::kAccount, 2);
  CHECK(!decode_authorization_request(encode(request, account).value()));
}

}  // namespace
}  // namespace midge::auth::jwt
