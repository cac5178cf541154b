// Goal: every claim survives encoding and decoding; wrong types, issuers and kinds are errors; the
// first version is read as the second.
// Method: claims with all fields set, and tokens of JSON written here.
#include "auth/jwt/claims.h"

#include <doctest/doctest.h>

#include "auth/jwt/key_fixture.h"

namespace midge::auth::jwt {
namespace {

using crypto::NkeyKind;

const crypto::NkeyPair kOperator = test_key(NkeyKind::kOperator, 1);
const crypto::NkeyPair kAccount = test_key(NkeyKind::kAccount, 2);
const crypto::NkeyPair kSigner = test_key(NkeyKind::kAccount, 3);
const crypto::NkeyPair kUser = test_key(NkeyKind::kUser, 4);

UserRights all_rights() {
  UserRights rights;
  rights.permissions.pub = {{"a.*", "b.>"}, {"a.x"}};
  rights.permissions.sub = {{"c q"}, {"d"}};
  rights.permissions.resp = {{.max = 3, .ttl_ns = 5}};
  rights.subs = 7;
  rights.data = -1;
  rights.payload = 99;
  rights.src = {"10.0.0.0/8"};
  rights.times = {{"08:00:00", "18:00:00"}};
  rights.locale = "Europe/Vienna";
  rights.bearer_token = true;
  rights.proxy_required = true;
  rights.connection_types = {"MQTT"};
  return rights;
}

TEST_CASE("claims: a user") {
  UserClaims claims{.head = {.name = "u",
                             .subject = kUser.public_key,
                             .expires = 9,
                             .issued_at = 8,
                             .not_before = 7,
                             .tags = {"x:1"}},
                    .rights = all_rights(),
                    .issuer_account = kAccount.public_key};
  const auto token = encode(claims, kSigner);
  REQUIRE(token);
  const auto read = decode_user(*token);
  REQUIRE(read);
  CHECK(read->head.name == "u");
  CHECK(read->head.issuer == kSigner.public_key);
  CHECK(read->head.id.size() == 52);
  CHECK(read->head.expires == 9);
  CHECK(read->head.not_before == 7);
  CHECK(read->head.tags == claims.head.tags);
  CHECK(read->rights == claims.rights);
  CHECK(read->account() == kAccount.public_key);
  CHECK(!decode_account(*token));
  CHECK(!decode_operator(*token));
  CHECK(!decode_activation(*token));
  // Only accounts make users.
  CHECK(!decode_user(*encode(claims, kOperator)));
  CHECK(!decode_user(*encode(claims, kUser)));
}

AccountClaims all_account() {
  AccountClaims claims{.head = {.name = "acc", .subject = kAccount.public_key}};
  claims.imports = {{.name = "i",
                     .subject = "s",
                     .account = kSigner.public_key,
                     .to = "t",
                     .is_service = true,
                     .share = true}};
  claims.exports = {{.name = "e",
                     .subject = "e.*",
                     .is_service = true,
                     .token_required = true,
                     .revocations = {{"*", 5}},
                     .response_type = "Stream",
                     .response_threshold_ns = 77,
                     .latency = {{.sampling = 20, .results = "lat"}},
                     .account_token_position = 2,
                     .allow_trace = true}};
  claims.limits = {.subs = 1,
                   .data = 2,
                   .payload = 3,
                   .imports = 4,
                   .exports = 5,
                   .wildcards = true,
                   .disallow_bearer = true,
                   .conn = 6,
                   .leaf = 7};
  claims.signing_keys[kSigner.public_key] = UserScope{kSigner.public_key, "role", "", all_rights()};
  claims.signing_keys[kAccount.public_key] = std::nullopt;
  claims.revocations = {{kUser.public_key, 12}};
  claims.default_permissions.pub.allow = {"p"};
  claims.mappings["m"] = {{"n", "east", 40}, {"o", "", 60}};
  claims.authorization = {{kUser.public_key}, {"*"}, "X"};
  claims.trace_destination = "trace";
  claims.trace_sampling = 50;
  return claims;
}

TEST_CASE("claims: an account") {
  const AccountClaims claims = all_account();
  const auto read = decode_account(*encode(claims, kOperator));
  REQUIRE(read);
  REQUIRE(read->imports.size() == 1);
  CHECK(read->imports[0].exported_subject() == "t");
  CHECK(read->imports[0].share);
  REQUIRE(read->exports.size() == 1);
  CHECK(read->exports[0].revocations == claims.exports[0].revocations);
  CHECK(read->exports[0].latency->sampling == 20);
  CHECK(read->exports[0].account_token_position == 2);
  CHECK(read->exports[0].response_threshold_ns == 77);
  CHECK(read->limits.leaf == 7);
  CHECK(read->limits.disallow_bearer);
  REQUIRE(read->signing_keys.size() == 2);
  CHECK(!read->signing_keys.at(kAccount.public_key));
  CHECK(read->signing_keys.at(kSigner.public_key)->rights == all_rights());
  CHECK(read->revocations == claims.revocations);
  CHECK(read->default_permissions == claims.default_permissions);
  CHECK(read->mappings.at("m")[0].cluster == "east");
  CHECK(read->authorization.enabled());
  CHECK(read->trace_sampling == 50);
}

TEST_CASE("claims: operator, activation, authorization response") {
  const OperatorClaims claims{.head = {.subject = kOperator.public_key},
                              .signing_keys = {"O"},
                              .account_server_url = "http://a",
                              .operator_service_urls = {"nats://b"},
                              .system_account = "S",
                              .assert_server_version = "2.1.0",
                              .strict_signing_key_usage = true};
  const auto read = decode_operator(*encode(claims, kOperator));
  REQUIRE(read);
  CHECK(read->signing_keys == claims.signing_keys);
  CHECK(read->system_account == "S");
  CHECK(read->assert_server_version == "2.1.0");
  CHECK(read->strict_signing_key_usage);
  CHECK(!decode_operator(*encode(claims, kAccount)));

  const ActivationClaims activation{.head = {.subject = kAccount.public_key},
                                    .subject = "a.b",
                                    .is_service = true,
                                    .issuer_account = kAccount.public_key};
  const auto activated = decode_activation(*encode(activation, kSigner));
  REQUIRE(activated);
  CHECK(activated->subject == "a.b");
  CHECK(activated->is_service);

  const auto response =
      decode_authorization_response(*encode(AuthorizationResponse{.error = "no"}, kAccount));
  REQUIRE(response);
  CHECK(response->error == "no");
}

TEST_CASE("claims: the service a latency is sampled of by headers, an import seen from here") {
  const auto token = encode_claims(
      {.subject = kAccount.public_key},
      R"({"exports":[{"subject":"e","type":"service","service_latency":{"sampling":"headers","results":"r"}}],
          "imports":[{"subject":"there.*","account":"A","local_subject":"here.$1","type":"service"}],
          "type":"account","version":2})",
      kOperator);
  const auto read = decode_account(*token);
  REQUIRE(read);
  CHECK(read->exports[0].latency->sampling == 0);
  CHECK(read->imports[0].exported_subject() == "there.*");
}

TEST_CASE("claims: wrong types name their field") {
  const auto error_of = [](std::string_view body) {
    const auto read = decode_account(*encode_claims({}, body, kOperator));
    return read ? std::string() : read.error().text();
  };
  CHECK(error_of(R"({"limits":{"subs":"x"},"type":"account","version":2})") ==
        "json: wrong type of field limits.subs");
  CHECK(error_of(R"({"exports":[{"subject":"a","type":"x"}],"type":"account","version":2})") ==
        "exports: unknown export type \"x\"");
  CHECK(error_of(R"({"revocations":{"*":"now"},"type":"account","version":2})") ==
        "revocations: not a time");
  CHECK(error_of(R"({"signing_keys":[{"kind":"x"}],"type":"account","version":2})") ==
        "unknown scope kind \"x\"");
}

}  // namespace
}  // namespace midge::auth::jwt
