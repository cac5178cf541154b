// Verdicts beside routes: they hold for one subject, one account and one set of rules, and go when
// any of them is another.
#include "broker/route_cache.h"

#include <string>

#include <doctest/doctest.h>

namespace midge::broker {
namespace {

constexpr AccountId kAccount{1};
constexpr AccountId kOther{2};

std::shared_ptr<const auth::Permissions> allowing(const std::string& subject) {
  auth::PermissionsConfig config;
  config.publish = auth::SubjectRules{{{subject, ""}}, {}};
  return auth::Permissions::compile(config);
}

struct Fixture {
  subject::InterestIndex index{1, 42};
  RouteCache routes{index, LoopId{0}, 42};

  bool permits(AccountId account, std::string_view subject,
               const std::shared_ptr<const auth::Permissions>& rules) {
    return routes.permits(account, subject, rules, [&] { return rules->may_publish(subject); });
  }
  // A subject is admitted on second sight.
  Route& cache(AccountId account, const std::string& subject) {
    routes.find(account, subject);
    routes.find(account, subject);
    Route& route = routes.find(account, subject);
    REQUIRE(route.cached);
    return route;
  }
};

TEST_CASE_FIXTURE(Fixture, "[AUTH-42] the verdict on a subject is kept beside its route") {
  const auto rules = allowing("a.*");
  CHECK(permits(kAccount, "a.b", rules));  // not cached yet: asked
  Route& route = cache(kAccount, "a.b");
  CHECK(route.permitted_by == nullptr);
  CHECK(permits(kAccount, "a.b", rules));
  CHECK(route.permitted_by == rules);
  CHECK(permits(kAccount, "a.b", rules));
  CHECK_FALSE(permits(kAccount, "b", rules));
}

TEST_CASE_FIXTURE(Fixture, "[AUTH-42] other rules are asked, whoever was allowed before") {
  const auto rules = allowing("a.b"), others = allowing("a.c");
  Route& route = cache(kAccount, "a.b");
  CHECK(permits(kAccount, "a.b", rules));
  CHECK_FALSE(permits(kAccount, "a.b", others));
  CHECK_FALSE(permits(kAccount, "a.b", others));
  CHECK(route.permitted_by == rules);
  // Rules that say the same, compiled anew by a reload, are others too; and what a route was
  // permitted by stays alive, so that no other can lie where it did.
  std::weak_ptr<const auth::Permissions> before = allowing("a.b");
  CHECK(permits(kAccount, "a.b", allowing("a.b")));
  CHECK(before.expired());
  CHECK(route.permitted_by != rules);
  CHECK(route.permitted_by.use_count() == 1);
}

TEST_CASE_FIXTURE(Fixture, "[ACCT-01] an account's verdict is not another's") {
  const auto rules = allowing("a.b");
  cache(kAccount, "a.b");
  CHECK(permits(kAccount, "a.b", rules));
  CHECK(cache(kOther, "a.b").permitted_by == nullptr);
  CHECK_FALSE(permits(kOther, "a.b", allowing("x")));
}

TEST_CASE_FIXTURE(Fixture, "[AUTH-42] a route that makes room takes its verdict with it") {
  // More subjects than there is room for, of which every other is allowed.
  const auto rules = allowing("yes.*");
  for (int round = 0; round < 4; ++round) {
    for (int i = 0; i < 12'000; ++i) {
      const std::string subject = (i % 2 == 0 ? "yes." : "no.") + std::to_string(i);
      routes.find(kAccount, subject);
      const Route& route = routes.find(kAccount, subject);
      CHECK(route.subject == subject);
      REQUIRE(permits(kAccount, subject, rules) == (i % 2 == 0));
      if (i % 2 != 0) REQUIRE(route.permitted_by == nullptr);
    }
  }
}

TEST_CASE_FIXTURE(Fixture, "[AUTH-42] without a cache the rules are asked each time") {
  const auto rules = allowing("a.b");
  cache(kAccount, "a.b");
  CHECK(permits(kAccount, "a.b", rules));
  routes.set_plans(nullptr);
  CHECK(cache(kAccount, "a.b").permitted_by == nullptr);
  routes.enable(false);
  CHECK(permits(kAccount, "a.b", rules));
  CHECK_FALSE(permits(kAccount, "a.c", rules));
}

TEST_CASE_FIXTURE(Fixture, "the verdict outlives changes of interest") {
  const auto rules = allowing("a.b");
  cache(kAccount, "a.b");
  CHECK(permits(kAccount, "a.b", rules));
  const auto registration = index.insert(kAccount, "a.b", "", subject::Target{});
  Route& route = routes.find(kAccount, "a.b");
  CHECK(route.fanout() == 1);
  CHECK(route.permitted_by == rules);
  CHECK(permits(kAccount, "a.b", rules));
  index.remove(registration, subject::Target{});
}

TEST_CASE_FIXTURE(Fixture, "the look-up of a verdict is that of the route, and of no other") {
  const auto rules = allowing("a.*");
  const auto registration = index.insert(kAccount, "a.b", "", subject::Target{});
  for (int i = 0; i < 4; ++i) {
    CHECK(permits(kAccount, "a.b", rules));
    CHECK(routes.find(kAccount, "a.b").fanout() == 1);
  }
  CHECK(routes.find(kAccount, "a.b").permitted_by == rules);
  // Texts that lie where another one lay that was asked for and then not looked up, or refused.
  std::string text = "a.c";
  for (const char* next : {"a.d", "a.b", "x.y", "a.b"}) {
    static_cast<void>(permits(kAccount, text, rules));
    text.assign(next);
    for (int i = 0; i < 3; ++i) {
      const Route& route = routes.find(kAccount, text);
      CHECK(route.subject == next);
      CHECK(route.fanout() == (text == "a.b" ? 1 : 0));
    }
  }
  index.remove(registration, subject::Target{});
}

}  // namespace
}  // namespace midge::broker
