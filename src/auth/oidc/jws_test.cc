// Goal: tokens are read as RFC 7515 says, and what is no token, or asks for what is not accepted,
// is told as such. Method: headers and claims encoded here; the signature is not looked at.
#include "auth/oidc/jws.h"

#include <doctest/doctest.h>

#include "codec/base64.h"

namespace midge::auth::oidc {
namespace {

std::string encode(std::string_view text) {
  return codec::encode_base64(codec::Base64::kRawUrl, text);
}

std::string token(std::string_view header, std::string_view claims = R"({"iss":"i"})") {
  return encode(header) + "." + encode(claims) + "." + encode("signature");
}

std::string error_of(const std::string& text) {
  const auto jws = read_jws(text);
  return jws ? "" : jws.error().text();
}

TEST_CASE("jws: what a good one says") {
  const std::string text = token(R"({"typ":"at+jwt","alg":"ES256","kid":"k1"})");
  CHECK(looks_like_jws(text));
  const auto jws = read_jws(text);
  REQUIRE(jws);
  CHECK(jws->algorithm->name == "ES256");
  CHECK(jws->key_id == "k1");
  CHECK(jws->signature == "signature");
  CHECK(jws->signed_text == text.substr(0, text.rfind('.')));
  CHECK(find_member(jws->claims, "iss")->text == "i");
  CHECK(read_jws(token(R"({"alg":"RS256"})"))->key_id.empty());
}

TEST_CASE("jws: algorithms that are not accepted, whatever the claims say") {
  for (const char* name : {"none", "None", "nOnE", "HS256", "HS512", "ed25519-nkey", ""}) {
    const std::string header = std::string(R"({"alg":")") + name + "\"}";
    CHECK(error_of(token(header)) == std::string("alg \"") + name + "\" is not accepted");
  }
  CHECK(error_of(token("{}")) == "the token's header has no alg");
  CHECK(error_of(token(R"({"alg":["RS256"]})")) == "the token's header has no alg");
  // Names are taken by the letter; of two the last counts, here and in the check of the signature.
  CHECK(error_of(token(R"({"Alg":"RS256"})")) == "the token's header has no alg");
  CHECK(error_of(token(R"({"alg":"RS256","alg":"none"})")) == "alg \"none\" is not accepted");
}

TEST_CASE("jws: malformed") {
  const std::string good = token(R"({"alg":"RS256"})");
  CHECK(error_of("").starts_with("the token is no JWS"));
  CHECK(error_of(good + ".x").starts_with("the token is no JWS"));
  CHECK(error_of(good.substr(0, good.rfind('.'))).starts_with("the token is no JWS"));
  CHECK(error_of(good + "=") == "the token's signature is not base64url");
  CHECK(error_of(good + "\n") == "the token's signature is not base64url");
  CHECK(error_of("+" + good) == "the token's header is not base64url");
  CHECK(error_of(token("[]")) == "the token's header is not an object");
  CHECK(error_of(token(R"({"alg":"RS256"})", "7")) == "the token's claims is not an object");
  CHECK(error_of(token(R"({"alg":"RS256"})", "{")).starts_with("the token's claims: "));
  CHECK(error_of(token(R"({"alg":"RS256","crit":["exp"]})")) == "the token's header has crit");
  CHECK(error_of(token(R"({"alg":"RS256","kid":7})")) == "kid is not a string");
  CHECK(error_of(token(R"({"alg":"RS256"})", "{\"a\":" + std::string(5000, '[')))
            .starts_with("the token's claims: JSON: exceeded max depth"));
  CHECK(error_of(std::string(kTokenMax + 1, 'e')) == "the token has more than 32768 bytes");
}

TEST_CASE("jws: what looks like none") {
  for (const char* text : {"", "secret", "ey", "ey.a", "ey.a.b.c", "a.b.c"})
    CHECK_MESSAGE(!looks_like_jws(text), text);
}

TEST_CASE("jws: claims by name and by path") {
  const auto claims = codec::read_json_tree(
      R"({"a":{"b":{"c":"deep"}},"https://x.com/roles":"whole","a.b":"dotted","n":null,"s":"t"})");
  REQUIRE(claims);
  CHECK(find_claim(*claims, "a.b.c")->text == "deep");
  CHECK(find_claim(*claims, "https://x.com/roles")->text == "whole");
  CHECK(find_claim(*claims, "a.b")->text == "dotted");
  for (const char* path : {"n", "A", "a.c", "a.b.c.d", "s.t", "", ".", "a."})
    CHECK_MESSAGE(find_claim(*claims, path) == nullptr, path);
}

}  // namespace
}  // namespace midge::auth::oidc
