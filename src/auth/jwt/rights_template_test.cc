// Goal: [AUTH-12] templates are filled in as nats-server fills them in (what is expected here was
// seen there).
// Method: a table of rules for one user and account.
#include "auth/jwt/rights_template.h"

#include <doctest/doctest.h>

namespace midge::auth::jwt {
namespace {

using Rules = std::vector<std::string>;

const Head kUser{.name = "Bob",
                 .subject = "UKEY",
                 .tags = {"dept:A", "dept:b", "x:1", "x:2", "a:b:c", "plain", "sp:a b", "wild:*"}};
const Head kAccount{.name = "ACC", .subject = "AKEY", .tags = {"zz:Q"}};

// What may be published by a role with these rules.
Result<SubjectLists> fill(Rules allow, Rules deny = {}) {
  auto filled = fill_in({.pub = {std::move(allow), std::move(deny)}}, kUser, kAccount);
  if (!filled) return std::unexpected(filled.error());
  return filled->pub;
}

TEST_CASE("rights template: [AUTH-12] functions") {
  const struct {
    const char* rule;
    Rules expected;
  } rows[] = {
      {"a.b", {"a.b"}},
      {"a.{{name()}}.x", {"a.Bob.x"}},
      {"a-{{name()}}-x.{{ NAME() }}{{name()}}", {"a-Bob-x.BobBob"}},
      {"{{subject()}}.{{account-name()}}.{{account-subject()}}", {"UKEY.ACC.AKEY"}},
      {"{{tag(dept)}}.{{tag(x)}}", {"A.1", "A.2", "b.1", "b.2"}},
      {"{{tag(x)}}.{{tag(x)}}", {"1.1", "2.2"}},
      {"{{account-tag(ZZ)}}", {"Q"}},
      {"k.{{tag(a)}}", {"k.b:c"}},
      {"k.{{tag(a:b)}}", {"k.c"}},
      {"k.{{tag(wild)}}", {"k.*"}},
      {"a.{{name().x", {"a.{{name().x"}},
      {"a.{{}}", {"a.{{}}"}},
      {"a.{{}}.{{name()}}", {"a.{{}}.Bob"}},
  };
  for (const auto& row : rows) {
    const auto filled = fill({row.rule});
    REQUIRE_MESSAGE(filled, row.rule);
    CHECK_MESSAGE(filled->allow == row.expected, row.rule);
  }
}

TEST_CASE("rights template: [AUTH-12] without a value allow rules go and deny rules refuse") {
  for (const char* rule : {"k.{{tag(plain)}}", "k.{{tag(none)}}", "k.{{tag(sp)}}", "k.{{tag()}}"}) {
    const auto filled = fill({rule, "stays"});
    REQUIRE_MESSAGE(filled, rule);
    CHECK(filled->allow == Rules{"stays"});
    CHECK_MESSAGE(!fill({}, {rule}), rule);
  }
  const auto nothing = fill({"k.{{tag(none)}}"});
  REQUIRE(nothing);
  CHECK(nothing->allow.empty());
  CHECK(nothing->deny == Rules{">"});
  CHECK(!fill({"a.{{foo()}}"}));
  CHECK(!fill({"a.{{name(x)}}"}));
}

TEST_CASE("rights template: [AUTH-12] queues are kept where nothing is filled in") {
  const auto filled = fill_in({.sub = {{"a q", "b q.{{name()}}"}, {"c q"}}}, kUser, kAccount);
  REQUIRE(filled);
  CHECK(filled->sub.allow == Rules{"a q"});
  CHECK(filled->sub.deny == Rules{"c q"});
  CHECK(fill({"a q"})->deny == Rules{">"});
}

TEST_CASE("rights template: [AUTH-12] at most 4096 rules") {
  Head user{.name = "u"};
  const auto fill_with = [&](int tags, const Rules& rules) {
    user.tags.clear();
    for (int tag = 0; tag < tags; ++tag) user.tags.push_back("x:" + std::to_string(tag));
    return fill_in({.pub = {.allow = rules}}, user, {});
  };
  CHECK(fill_with(4096, {"a.{{tag(x)}}"})->pub.allow.size() == 4096);
  CHECK(!fill_with(4097, {"a.{{tag(x)}}"}));
  CHECK(fill_with(64, {"a.{{tag(x)}}.{{tag(x)}}"})->pub.allow.size() == 64);
  CHECK(!fill_with(65, {"a.{{tag(x)}}.{{tag(x)}}"}));
  CHECK(!fill_with(60, {"a.{{tag(x)}}.{{tag(x)}}", "b.{{tag(x)}}.{{tag(x)}}"}));
}

}  // namespace
}  // namespace midge::auth::jwt
