// Goal: claims and roles become permissions, and what is not understood lets nobody in. Method:
// small claims, and the compiled permissions are asked.
#include "auth/oidc/claimed_rights.h"

#include <doctest/doctest.h>

#include "auth/permissions.h"

namespace midge::auth::oidc {
namespace {

codec::JsonValue parse(const std::string& json) { return *codec::read_json_tree(json); }

OidcConfig with_claim() {
  OidcConfig config;
  config.permissions_claim = "p";
  return config;
}

SubjectRules rules(std::vector<std::string> allow, std::vector<std::string> deny = {}) {
  SubjectRules rules;
  for (std::string& subject : allow) rules.allow.push_back({std::move(subject), ""});
  for (std::string& subject : deny) rules.deny.push_back({std::move(subject), ""});
  return rules;
}

OidcConfig with_roles() {
  OidcConfig config;
  config.roles_claim = "realm.roles";
  PermissionsConfig reader, writer, admin;
  reader.publish = rules({"q"});
  reader.subscribe = rules({"a.>"});
  writer.publish = rules({"a.>"}, {"a.secret"});
  writer.responses = ResponseRule{5, seconds(1)};
  admin.publish = rules({">"});
  admin.responses = ResponseRule{-1, seconds(2)};
  config.roles = {{"reader", reader, "f:1"}, {"writer", writer, "f:2"}, {"admin", admin, "f:3"}};
  return config;
}

std::shared_ptr<const Permissions> compiled(const std::string& json, const OidcConfig& config) {
  const auto rights = read_rights(parse(json), config, std::nullopt);
  REQUIRE_MESSAGE(rights, json);
  REQUIRE(rights->has_value());
  return Permissions::compile(**rights);
}

std::string error_of(const std::string& json, const OidcConfig& config) {
  const auto rights = read_rights(parse(json), config, std::nullopt);
  return rights ? "" : rights.error().text();
}

TEST_CASE("rights: a claim that says them") {
  const auto rights =
      compiled(R"({"p":{"publish":{"allow":["a.>","b"],"deny":"a.x"},"sub":"c.*"}})", with_claim());
  CHECK(rights->may_publish("a.1"));
  CHECK(rights->may_publish("b"));
  CHECK_FALSE(rights->may_publish("a.x"));
  CHECK_FALSE(rights->may_publish("c.1"));
  CHECK(rights->may_subscribe("c.1", "") == Permissions::Subscribe::kAllowed);
  CHECK(rights->may_subscribe("a.1", "") == Permissions::Subscribe::kDenied);
}

TEST_CASE("rights: an empty list allows nothing") {
  for (const char* json : {R"({"p":{"pub":[]}})", R"({"p":{"pub":{"allow":[]}}})"}) {
    CHECK_FALSE(compiled(json, with_claim())->may_publish("a"));
    CHECK(compiled(json, with_claim())->may_subscribe("a", "") == Permissions::Subscribe::kAllowed);
  }
}

TEST_CASE("rights: a claim that is not understood") {
  const OidcConfig config = with_claim();
  CHECK(error_of("{}", config) == "p is missing");
  CHECK(error_of(R"({"p":"a"})", config) == "p: not an object of publish and subscribe");
  CHECK(error_of(R"({"p":{"publsh":["a"]}})", config) ==
        "p: \"publsh\" is neither publish nor subscribe");
  CHECK(error_of(R"({"p":{"pub":{"alow":["a"]}}})", config) ==
        "p: pub: \"alow\" is neither allow nor deny");
  CHECK(error_of(R"({"p":{"pub":["a..b"]}})", config) == "p: pub: \"a..b\" is not a subject");
  CHECK(error_of(R"({"p":{"pub":[7]}})", config) == "p: pub: 7 is not a subject");
  CHECK(error_of(R"({"p":{"pub":null}})", config) ==
        "p: pub: null is neither a subject nor a list of them");
}

TEST_CASE("rights: roles by array and by blanks, and several together") {
  const OidcConfig config = with_roles();
  const auto reader = compiled(R"({"realm":{"roles":["x","reader"]}})", config);
  CHECK(reader->may_publish("q"));
  CHECK_FALSE(reader->may_publish("a.1"));
  const auto both = compiled(R"({"realm":{"roles":"openid reader  writer"}})", config);
  CHECK(both->may_publish("q"));
  CHECK(both->may_publish("a.1"));
  CHECK_FALSE(both->may_publish("a.secret"));
  CHECK_FALSE(both->may_publish("b"));
  CHECK(both->may_subscribe("a.1", "") == Permissions::Subscribe::kAllowed);
  CHECK(both->may_subscribe("b", "") == Permissions::Subscribe::kDenied);
  CHECK(both->responses()->max == 5);
  const auto all = compiled(R"({"realm":{"roles":["writer","admin"]}})", config);
  CHECK(all->responses()->max == -1);
  CHECK(all->responses()->expires == seconds(2));
  CHECK_FALSE(all->may_publish("a.secret"));
}

TEST_CASE("rights: no role, no login") {
  const OidcConfig config = with_roles();
  CHECK(error_of("{}", config) ==
        "realm.roles is missing, which names none of the roles of the configuration");
  CHECK(error_of(R"({"realm":{"roles":["Reader"]}})", config) ==
        "realm.roles is [\"Reader\"], which names none of the roles of the configuration");
  CHECK(error_of(R"({"realm":{"roles":7}})", config) == "realm.roles: not a list of names");
}

TEST_CASE("rights: where no claim is asked the defaults hold") {
  PermissionsConfig others;
  others.publish = rules({"d"});
  CHECK(*read_rights(parse("{}"), {}, others) == others);
  CHECK_FALSE(read_rights(parse("{}"), {}, std::nullopt)->has_value());
}

}  // namespace
}  // namespace midge::auth::oidc
