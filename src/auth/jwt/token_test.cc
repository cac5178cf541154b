// Goal: tokens are read back as they were sealed, and nothing else is taken for one.
// Method: tokens sealed with keys of fixed entropy, then changed in one place.
#include "auth/jwt/token.h"

#include <doctest/doctest.h>

#include "auth/jwt/key_fixture.h"
#include "codec/base64.h"

namespace midge::auth::jwt {
namespace {

using codec::Base64;
using codec::encode_base64;

const crypto::NkeyPair kIssuer = test_key(crypto::NkeyKind::kAccount, 1);

std::string claims(std::string_view body = R"({"type":"user","version":2})") {
  return R"({"iss":")" + kIssuer.public_key + R"(","sub":"U","exp":7,"nats":)" + std::string(body) +
         "}";
}

// A token of any header, signed over what is given.
std::string token_of(std::string_view header, std::string_view body, bool sign_body_only = false) {
  const std::string first = encode_base64(Base64::kRawUrl, header);
  const std::string second = encode_base64(Base64::kRawUrl, body);
  const std::string said = sign_body_only ? second : first + "." + second;
  return first + "." + second + "." +
         encode_base64(Base64::kRawUrl, *crypto::sign(kIssuer.seed, said));
}

constexpr const char* kHeader = R"({"typ":"JWT","alg":"ed25519-nkey"})";

TEST_CASE("token: sealed and opened") {
  const auto sealed = seal_token(claims(), kIssuer.seed);
  REQUIRE(sealed);
  const auto token = open_token(*sealed);
  REQUIRE(token);
  CHECK(token->head.issuer == kIssuer.public_key);
  CHECK(token->head.subject == "U");
  CHECK(token->head.expires == 7);
  CHECK(token->type == "user");
  CHECK(token->version == 2);
  CHECK(*sealed == token_of(kHeader, claims()));
}

TEST_CASE("token: a changed letter anywhere, or another key, is found out") {
  const std::string sealed = seal_token(claims(), kIssuer.seed).value();
  for (std::size_t at = 0; at + 1 < sealed.size(); ++at) {
    std::string changed = sealed;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    CHECK_MESSAGE(!open_token(changed), at);
  }
  const auto other = test_key(crypto::NkeyKind::kAccount, 2);
  CHECK(!open_token(*seal_token(claims(), other.seed)));
}

TEST_CASE("token: headers that are not ours") {
  for (const char* header :
       {R"({"typ":"JWT","alg":"none"})", R"({"typ":"JWT","alg":"HS256"})", R"({"typ":"JWT"})",
        R"({"typ":"JWE","alg":"ed25519-nkey"})", R"({"typ":1,"alg":"ed25519-nkey"})", "[]", "x"})
    CHECK_MESSAGE(!open_token(token_of(header, claims())), header);
  CHECK(open_token(token_of(R"({"TYP":"jwt","Alg":"ED25519-NKEY"})", claims())));
}

TEST_CASE("token: shapes that are not ours") {
  const std::string sealed = seal_token(claims(), kIssuer.seed).value();
  for (const std::string& text :
       {std::string(), std::string("a"), std::string("a.b"), std::string("a.b.c"), sealed + ".x",
        "." + sealed, sealed.substr(0, sealed.rfind('.') + 1)})
    CHECK_MESSAGE(!open_token(text), text);
  CHECK(!open_token(token_of(kHeader, claims(R"({"version":2})"))));
  CHECK(!open_token(token_of(kHeader, claims(R"({"type":"user","version":3})"))));
  CHECK(!open_token(token_of(kHeader, "{}")));
}

TEST_CASE("token: version 1 has its type outside and signs the claims alone") {
  const std::string body =
      R"({"iss":")" + kIssuer.public_key + R"(","sub":"U","type":"user","tags":["a"],"nats":{}})";
  const auto token = open_token(token_of(R"({"typ":"jwt","alg":"ed25519"})", body, true));
  REQUIRE(token);
  CHECK(token->version == 1);
  CHECK(token->type == "user");
  CHECK(token->head.tags == std::vector<std::string>{"a"});
  CHECK(!open_token(token_of(R"({"typ":"jwt","alg":"ed25519"})", body, false)));
  CHECK(!open_token(token_of(kHeader, claims(), true)));
}

}  // namespace
}  // namespace midge::auth::jwt
