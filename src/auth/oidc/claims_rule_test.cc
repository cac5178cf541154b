// Goal: claims are asked what they must say, and a refusal names the claim, what was expected and
// what it says. Method: a table of claims at one time.
#include "auth/oidc/claims_rule.h"

#include <doctest/doctest.h>

namespace midge::auth::oidc {
namespace {

constexpr WallTime kNow{1'000'000'000'000};  // second 1000

OidcConfig config() {
  OidcConfig config;
  config.issuer = "https://i";
  config.audience = {"a", "b"};
  return config;
}

codec::JsonValue parse(const std::string& json) { return *codec::read_json_tree(json); }

std::string verdict(const std::string& json) {
  const auto end = check_claims(parse(json), config(), kNow);
  return end ? "until " + std::to_string(end->ns / 1'000'000'000) : end.error().text();
}

TEST_CASE("claims: issuer, audience and times") {
  struct Row {
    const char *claims, *verdict;
  };
  const Row rows[] = {
      {R"({"iss":"https://i","aud":"a","exp":2000})", "until 2030"},
      {R"({"iss":"https://i","aud":["x","b"],"exp":2000.9,"nbf":1030,"iat":1030})", "until 2030"},
      {R"({"iss":"https://i","aud":"a","exp":971})", "until 1001"},
      {R"({"iss":"https://i","aud":"a","exp":1e300})", "until 9000000030"},
      {R"({"aud":"a","exp":2000})", "iss is missing, expected \"https://i\""},
      {R"({"iss":"https://i/","aud":"a","exp":2000})",
       "iss is \"https://i/\", expected \"https://i\""},
      {R"({"iss":["https://i"],"aud":"a","exp":2000})",
       "iss is [\"https://i\"], expected \"https://i\""},
      {R"({"iss":"https://i","exp":2000})", "aud is missing, expected \"a\" or \"b\""},
      {R"({"iss":"https://i","aud":"A","exp":2000})", "aud is \"A\", expected \"a\" or \"b\""},
      {R"({"iss":"https://i","aud":[1,{"a":"a"},["a"]],"exp":2000})",
       "aud is [1, …, …], expected \"a\" or \"b\""},
      {R"({"iss":"https://i","aud":{"a":"a"},"exp":2000})",
       "aud is an object, expected \"a\" or \"b\""},
      {R"({"iss":"https://i","aud":"a"})", "exp is missing"},
      {R"({"iss":"https://i","aud":"a","EXP":2000})", "exp is missing"},
      {R"({"iss":"https://i","aud":"a","exp":"2000"})", "exp is \"2000\", not a time"},
      {R"({"iss":"https://i","aud":"a","exp":970})",
       "the token has expired: exp is 970, now is 1000"},
      {R"({"iss":"https://i","aud":"a","exp":-1e300})",
       "the token has expired: exp is 0, now is 1000"},
      {R"({"iss":"https://i","aud":"a","exp":2000,"nbf":1031})",
       "the token is not valid yet: nbf is 1031, now is 1000"},
      {R"({"iss":"https://i","aud":"a","exp":2000,"iat":5000})",
       "the token is not valid yet: iat is 5000, now is 1000"},
      {R"({"iss":"https://i","aud":"a","exp":2000,"nbf":true})", "nbf is true, not a time"},
  };
  for (const Row& row : rows) CHECK_MESSAGE(verdict(row.claims) == row.verdict, row.claims);
}

TEST_CASE("claims: whose they are") {
  OidcConfig rule = config();
  const auto bearer = read_bearer(parse(R"({"sub":"ann"})"), rule);
  REQUIRE(bearer);
  CHECK(bearer->account == "$G");
  CHECK(bearer->user == "ann");
  rule.account_claim = "org.team";
  rule.user_claim = "email";
  const auto other = read_bearer(parse(R"({"sub":"x","email":"a@b","org":{"team":"T"}})"), rule);
  REQUIRE(other);
  CHECK(other->account == "T");
  CHECK(other->user == "a@b");
  const auto error_of = [&](const char* json) { return read_bearer(parse(json), rule).error(); };
  CHECK(error_of(R"({"email":"a"})").text() == "org.team is missing, expected a name");
  CHECK(error_of(R"({"email":"a","org":{"team":["T"]}})").text() ==
        "org.team is [\"T\"], expected a name");
  CHECK(error_of(R"({"email":"a\nb","org":{"team":"T"}})").text() ==
        "email is \"a\\nb\", expected a name");
  CHECK(error_of(R"({"email":"","org":{"team":"T"}})").text() == "email is \"\", expected a name");
}

TEST_CASE("claims: long values are shown in part") {
  const auto value = parse("\"" + std::string(1000, 'x') + "\"");
  CHECK(shown_claim(&value).size() < 150);
  std::string list = "[0";
  for (int i = 0; i < 1000; ++i) list += ",12345";
  const auto many = parse(list + "]");
  CHECK(shown_claim(&many).size() < 160);
}

}  // namespace
}  // namespace midge::auth::oidc
