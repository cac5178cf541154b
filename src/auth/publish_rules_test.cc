// The edges of the compiled form; permissions_test.cc compares it with a model.
#include "auth/publish_rules.h"

#include <string>

#include <doctest/doctest.h>

namespace midge::auth {
namespace {

PublishRules compile(const std::vector<std::string>& allow, const std::vector<std::string>& deny) {
  SubjectRules rules;
  for (const std::string& subject : allow) rules.allow.push_back({subject, ""});
  for (const std::string& subject : deny) rules.deny.push_back({subject, ""});
  return {rules, allow.empty()};
}

TEST_CASE("tokens that begin alike are told apart") {
  const PublishRules rules = compile({"a.12345678", "a.123456789", "a.12345678xyz.b"}, {});
  for (const char* allowed : {"a.12345678", "a.123456789", "a.12345678xyz.b"})
    CHECK_MESSAGE(rules.allow(allowed), allowed);
  for (const char* denied : {"a.1234567", "a.12345678x", "a.12345678xyz", "a.12345678xyw.b", "a"})
    CHECK_FALSE_MESSAGE(rules.allow(denied), denied);
}

TEST_CASE("a NUL is no end of a token") {
  const std::string with_nul("ab\0", 3);
  const PublishRules rules = compile({"ab.c"}, {});
  CHECK(rules.allow("ab.c"));
  CHECK_FALSE(rules.allow(with_nul + ".c"));
  CHECK(compile({with_nul + ".c"}, {}).allow(with_nul + ".c"));
}

TEST_CASE("the same token in more than a few rules") {
  std::vector<std::string> allow, deny;
  for (int i = 0; i < 300; ++i) {
    allow.push_back("site-" + std::to_string(i) + ".*.in");
    deny.push_back("*.room-" + std::to_string(i) + ".in");
  }
  const PublishRules rules = compile(allow, deny);
  CHECK(rules.allow("site-0.x.in"));
  CHECK(rules.allow("site-299.room-300.in"));
  CHECK_FALSE(rules.allow("site-299.room-299.in"));
  CHECK_FALSE(rules.allow("site-300.x.in"));
  CHECK_FALSE(rules.allow("site-7.x.in.y"));
}

TEST_CASE("subjects longer and rules deeper than usual") {
  std::string deep = "t0";
  for (int i = 1; i < 40; ++i) deep += ".t" + std::to_string(i);
  const PublishRules rules = compile({deep, "t0.*.>"}, {deep + ".x"});
  CHECK(rules.allow(deep));
  CHECK(rules.allow(deep + ".y"));
  CHECK_FALSE(rules.allow(deep + ".x"));
  CHECK(rules.allow(deep + ".x.y"));
  CHECK_FALSE(rules.allow("t0.t1"));
  CHECK(compile({"a.b"}, {}).allow("a.b"));
  CHECK_FALSE(compile({"a.b"}, {}).allow("a.b." + deep));
}

TEST_CASE("no rule speaks of a subject with an empty token") {
  const PublishRules some = compile({">"}, {});
  const PublishRules not_some = compile({}, {">", "a.>"});
  for (const char* subject : {"", ".", "a.", ".a", "a..b", "a.b.", "aaaaaaa..b"}) {
    CHECK_FALSE_MESSAGE(some.allow(subject), subject);
    CHECK_MESSAGE(not_some.allow(subject), subject);
  }
}

TEST_CASE("rules that make no sense for publishing are left out") {
  SubjectRules rules;
  rules.allow = {{"a", "queue"}, {"b.>.c", ""}, {"d..e", ""}};
  const PublishRules none(rules, false);
  for (const char* subject : {"a", "b.x.c", "b.>.c", "b.c", "d..e"})
    CHECK_FALSE_MESSAGE(none.allow(subject), subject);
  CHECK_FALSE(PublishRules({}, false).allow("a"));
  CHECK(PublishRules().allow("a"));
}

}  // namespace
}  // namespace midge::auth
