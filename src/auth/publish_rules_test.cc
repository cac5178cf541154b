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

TEST_CASE("a shortcut lets pass what its rule allows and no rule denies") {
  const PublishRules rules =
      compile({"plant.*.device.*.temperature", "fleet.>", "*.incoming", "exactly.this"},
              {"plant.*.device.*.secret", "plant.77.>", "fleet.*.audit", "x.y"});
  struct Row {
    const char* like;
    std::vector<const char*> pass, ask;
  };
  const Row table[] = {
      {"plant.1.device.2.temperature",
       {"plant.12345678.device.123456789.temperature", "plant.*.device.>.temperature"},
       {"plant.77.device.2.temperature", "plant.1.device.2.temperaturf", "plant.1.device.2",
        "plant.1.device.2.temperature.x", "plant..device.2.temperature", "plant.1.device.2.secret",
        "plant", "", "fleet.1", "plant.1.device..temperature", "plant.1.device.temperature"}},
      {"fleet.abc",
       {"fleet.a.b.c", "fleet.audit", "fleet.a.audit.b", "fleet.ab"},
       {"fleet.", "fleet..a", "fleet..abc", "fleet.abc.", "fleet.abc..d", "fleet.a.audit",
        "fleets.a.b"}},
      {"a.incoming",
       {"b.incoming", "12345678.incoming", "123456789.incoming"},
       {".incoming", "incoming", "a.incoming.b", "a.incomingg", "a.b.incoming", "a.incomin"}},
      {"exactly.this",
       {"exactly.this"},
       {"exactly.thi", "exactly.this.x", "exactly.thin", "exactly."}},
  };
  for (const Row& row : table) {
    const PublishShortcut* shortcut = rules.shortcut(row.like);
    REQUIRE_MESSAGE(shortcut != nullptr, row.like);
    CHECK_MESSAGE(shortcut->allows(row.like), row.like);
    for (const char* subject : row.pass) CHECK_MESSAGE(shortcut->allows(subject), subject);
    for (const char* subject : row.ask) CHECK_FALSE_MESSAGE(shortcut->allows(subject), subject);
  }
  CHECK(rules.shortcut("plant.77.device.2.temperature") == nullptr);
  CHECK(rules.shortcut("nothing.of.that") == nullptr);
  CHECK(rules.shortcut("fleet.a") == nullptr);  // short, so left to the rules
}

TEST_CASE("a NUL is no end of a token for a shortcut") {
  const std::string with_nul("incoming\0", 9);
  const PublishRules rules = compile({"a." + with_nul + ".*", "a.*." + with_nul}, {});
  const std::string allowed = "a.b." + with_nul;
  REQUIRE(rules.shortcut(allowed) != nullptr);
  CHECK(rules.shortcut(allowed)->allows(allowed));
  CHECK_FALSE(rules.shortcut(allowed)->allows("a.b.incoming"));
}

TEST_CASE("no shortcut where too many rules deny a part") {
  std::vector<std::string> deny;
  for (int i = 0; i < 5; ++i) deny.push_back("area.room" + std::to_string(i));
  const auto shortcut = [&](const std::vector<std::string>& allow, const char* subject) {
    const PublishRules rules = compile(allow, deny);
    const PublishShortcut* found = rules.shortcut("area.hall");
    return found != nullptr && found->allows(subject);
  };
  CHECK_FALSE(shortcut({"area.*"}, "area.hall"));
  CHECK(shortcut({"area.hall", "area.*"}, "area.hall"));
  CHECK_FALSE(shortcut({}, "area.hall"));
  deny.pop_back();
  CHECK(shortcut({"area.*"}, "area.hall"));
  CHECK(shortcut({"area.*"}, "area.room4"));
  CHECK_FALSE(shortcut({"area.*"}, "area.room3"));
  CHECK(shortcut({}, "anything"));
  CHECK_FALSE(shortcut({}, "area.room3"));
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
