// Goal: keys that are there are found, others are wanted once at a time and not too often, and old
// ones stay when a fetch fails. Method: a clock that stands, and a count of what is wanted.
#include "server/oidc/key_ring.h"

#include <doctest/doctest.h>

#include "server/oidc/key_fetch.h"
#include "server/test_answering_net.h"

namespace midge::server {
namespace {

// RFC 8037, A.2
auth::oidc::JwkSetPtr keys(const std::string& kid) {
  return *auth::oidc::read_jwk_set(R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":")" + kid +
                                   R"(","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})");
}

struct Fixture {
  StandingClock clock;
  int wanted = 0;
  KeyRing ring{clock, seconds(10), [this] { ++wanted; }};

  std::string find(const char* id, const char* algorithm = "EdDSA") {
    const auto answer = ring.find(id, *crypto::find_signature_algorithm(algorithm));
    return answer.is_pending ? "pending" : answer.keys ? "found" : answer.why;
  }
};

TEST_CASE("key ring: the first question waits for the first fetch") {
  Fixture f;
  CHECK(f.find("a") == "pending");
  CHECK(f.find("b") == "pending");
  CHECK(f.wanted == 1);
  CHECK_FALSE(f.ring.begin());
  f.ring.fetched(keys("a"));
  CHECK(f.find("a") == "found");
  CHECK(f.find("") == "found");
  CHECK(f.wanted == 1);
}

TEST_CASE("key ring: an unknown key is asked for again, but seldom") {
  Fixture f;
  REQUIRE(f.ring.begin());
  f.ring.fetched(keys("a"));
  for (int i = 0; i < 100; ++i)
    CHECK(f.find("b") == "kid \"b\" is none of the issuer's keys for EdDSA");
  CHECK(f.find("a", "RS256") == "kid \"a\" is none of the issuer's keys for RS256");
  CHECK(f.find("", "ES256") == "the issuer has no key for ES256");
  CHECK(f.wanted == 0);
  f.clock.time = f.clock.time + seconds(10);
  CHECK(f.find("b") == "pending");
  CHECK(f.find("a") == "found");
  CHECK(f.wanted == 1);
  f.ring.fetched(keys("b"));
  CHECK(f.find("b") == "found");
  CHECK(f.find("a") == "kid \"a\" is none of the issuer's keys for EdDSA");
}

TEST_CASE("key ring: while fetches fail the old keys stay") {
  Fixture f;
  CHECK(f.find("a") == "pending");
  f.ring.failed("no route");
  CHECK(f.find("a") == "there are no keys of the issuer; the last fetch failed: no route");
  REQUIRE(f.ring.begin());
  f.ring.fetched(keys("a"));
  REQUIRE(f.ring.begin());
  CHECK(f.find("a") == "found");
  f.ring.failed("no route");
  CHECK(f.find("a") == "found");
  CHECK(f.find("b") ==
        "kid \"b\" is none of the issuer's keys for EdDSA; the last fetch failed: no route");
}

TEST_CASE("key ring: a file's keys are all there are") {
  StandingClock clock;
  KeyRing ring(clock, keys("a"));
  const auto& algorithm = *crypto::find_signature_algorithm("EdDSA");
  CHECK(ring.find("a", algorithm).keys);
  clock.time = clock.time + seconds(1000);
  CHECK_FALSE(ring.find("b", algorithm).is_pending);
}

TEST_CASE("key fetch: how long an answer is good for") {
  CHECK(max_age_of("public, max-age=3600, must-revalidate") == seconds(3600));
  CHECK(max_age_of("max-age=1") == seconds(60));
  CHECK(max_age_of("max-age=99999999") == seconds(86400));
  for (const char* text : {"", "public", "no-store, max-age=60", "max-age=x", "max-age="})
    CHECK_MESSAGE(max_age_of(text) == Duration{}, text);
}

TEST_CASE("key fetch: the discovery document names the keys, of its own issuer alone") {
  AnsweringNet net;
  StandingClock clock;
  auth::OidcConfig config;
  config.issuer = "http://i/realm";
  const auto answer = [](const std::string& body) {
    return "HTTP/1.1 200 OK\r\nCache-Control: max-age=120\r\n\r\n" + body;
  };
  const auto error_of = [&](std::vector<Result<std::string>> answers) {
    net.answers = std::move(answers);
    net.connections = 0;
    const auto fetched = fetch_keys(net, clock, config, nullptr);
    return fetched ? "" : fetched.error().text();
  };
  const std::string document = R"({"issuer":"http://i/realm","jwks_uri":"http://k:1/keys"})";
  const std::string set =
      R"({"keys":[{"kty":"oct","k":"c2VjcmV0"},{"kty":"OKP","crv":"Ed25519","x":)"
      R"("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";
  net.answers = {answer(document), answer(set)};
  const auto fetched = fetch_keys(net, clock, config, nullptr);
  REQUIRE(fetched);
  CHECK(net.request.starts_with("GET /keys "));
  CHECK(fetched->keys->keys.size() == 1);
  CHECK(fetched->keys->left_out == std::vector<std::string>{"key \"\": kty \"oct\" is not known"});
  CHECK(fetched->max_age == seconds(120));

  const std::string where = "http://i/realm/.well-known/openid-configuration";
  CHECK(error_of({answer(R"({"issuer":"http://j","jwks_uri":"http://k"})")}) ==
        where + ": issuer is \"http://j\", expected \"http://i/realm\"");
  CHECK(error_of({std::string("HTTP/1.1 500 Oops\r\n\r\n")}) == "Get \"" + where + "\": 500 Oops");
  CHECK(error_of({answer(document), answer("{}")}) ==
        "http://k:1/keys: not a JWK set: it has no array of keys");
  CHECK(error_of({answer(document), answer(R"({"keys":[]})")}) ==
        "http://k:1/keys: none of its keys can be used");
}

}  // namespace
}  // namespace midge::server
