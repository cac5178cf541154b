// Goal: a route that subjects share is the one that each of them would get by itself.
// Method: routes of the cache beside fresh matches of the index; tables, and random subscriptions
// and publishes on few tokens, so that beginnings repeat.
#include "broker/shared_routes.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "broker/route_cache.h"

namespace midge::broker {
namespace {

constexpr AccountId kAccount{1};

struct Fixture {
  subject::InterestIndex index{1, 42};
  RouteCache routes{index, LoopId{0}, 42};
  RouteCache answers{index, LoopId{0}, 42};  // asked as for answers
  std::uint32_t next_slot = 0, next_text = 0;

  struct Subscription {
    subject::Registration registration;
    subject::Target target;
  };
  Subscription subscribe(AccountId account, const std::string& subject,
                         const std::string& queue = "") {
    const subject::Target target{LoopId{0}, next_slot++, 0};
    return {index.insert(account, subject, queue, target), target};
  }
  void unsubscribe(const Subscription& one) { index.remove(one.registration, one.target); }

  // That of the cache, which is that of the index.
  Route& find(AccountId account, const std::string& subject) {
    subject::MatchResult match;
    index.match(account, subject, match);
    RouteTargets fresh;
    fresh.assign(match, LoopId{0});
    check(answers.find_for_answer(account, subject), fresh, subject);
    Route& route = routes.find(account, subject);
    check(route, fresh, subject);
    return route;
  }
  static void check(const Route& route, const RouteTargets& fresh, const std::string& subject) {
    REQUIRE_MESSAGE(route.local == fresh.local, subject);
    REQUIRE(route.groups.size() == fresh.groups.size());
    for (std::size_t i = 0; i < fresh.groups.size(); ++i) {
      REQUIRE(route.groups[i].name == fresh.groups[i].name);
      REQUIRE(route.groups[i].members == fresh.groups[i].members);
    }
  }
  // From its third sight on, whatever begins so uses one route, if any does. A subject of two
  // tokens shares none, so it shows where the others are.
  bool is_shared(const std::string& beginning, const std::string& more = "") {
    const auto find_next = [&](const std::string& begin, const std::string& end) {
      return &find(kAccount, begin + "x" + std::to_string(next_text++) + end);
    };
    find_next(beginning, more);
    find_next(beginning, more);
    const Route* const third = find_next(beginning, more);
    return third == find_next(beginning, more) && third != find_next("one.", "");
  }
};

TEST_CASE_FIXTURE(Fixture, "subjects share a route where no subscription looks beyond two tokens") {
  subscribe(kAccount, "_INBOX.me.*");
  subscribe(kAccount, "kv.bucket.>");
  subscribe(kAccount, "kv.>", "workers");
  subscribe(kAccount, "deep.er.*.x");
  subscribe(kAccount, "wild.*.b.*");
  subscribe(kAccount, "*.star.>");
  subscribe(kAccount, "near.a.literal");
  CHECK(is_shared("_INBOX.me."));
  CHECK(is_shared("_INBOX.me.", ".and.more"));
  CHECK(is_shared("_INBOX.other."));
  CHECK(is_shared("kv.bucket."));
  CHECK(is_shared("kv.bucket.", ".deep"));
  CHECK(is_shared("any.star."));
  CHECK(is_shared("deep.er."));  // of three tokens, `deep.er.*.x` has none
  CHECK_FALSE(is_shared("deep.er.", ".x"));
  CHECK_FALSE(is_shared("wild.a."));
  CHECK(is_shared("near.a."));
  CHECK(find(kAccount, "near.a.literal").local.size() == 1);
  CHECK(find(kAccount, "kv.bucket.").local.empty());
  CHECK(find(kAccount, "kv.bucket..x").local.empty());
  CHECK(find(kAccount, "kv.bucket.x.").local.empty());
  CHECK(find(kAccount, "kv.bucketx.y").groups.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "what is subscribed to later is seen") {
  const auto inbox = subscribe(kAccount, "_INBOX.me.*");
  REQUIRE(is_shared("_INBOX.me."));
  const auto literal = subscribe(kAccount, "_INBOX.me.7");
  CHECK(find(kAccount, "_INBOX.me.7").local.size() == 2);
  CHECK(is_shared("_INBOX.me."));
  const auto all = subscribe(kAccount, ">");
  CHECK(find(kAccount, "_INBOX.me.8").local.size() == 2);
  unsubscribe(inbox);
  CHECK(find(kAccount, "_INBOX.me.9").local.size() == 1);
  unsubscribe(all);
  unsubscribe(literal);
  CHECK(find(kAccount, "_INBOX.me.7").local.empty());
}

TEST_CASE_FIXTURE(Fixture, "an account's route is not another's") {
  constexpr AccountId kOther{2};
  subscribe(kAccount, "a.b.*");
  REQUIRE(is_shared("a.b."));
  CHECK(find(kOther, "a.b.x6").local.empty());
  CHECK(find(kAccount, "a.b.x7").local.size() == 1);
}

TEST_CASE_FIXTURE(Fixture, "without a cache every look-up matches") {
  subscribe(kAccount, "a.b.*");
  REQUIRE(is_shared("a.b."));
  routes.enable(false);
  CHECK(&find(kAccount, "a.b.x6") == &find(kAccount, "one.x"));
}

TEST_CASE_FIXTURE(Fixture, "random subscriptions and publishes") {
  std::mt19937 random(11);
  const auto text = [&](const std::vector<std::string>& tokens, std::size_t size) {
    std::string out = tokens[random() % tokens.size()];
    for (std::size_t i = 1; i < size; ++i) out += "." + tokens[random() % tokens.size()];
    return out;
  };
  std::vector<Subscription> held;
  for (int round = 0; round < 30'000; ++round) {
    const AccountId account{random() % 2 == 0 ? 1U : 2U};
    if (random() % 20 == 0) {
      std::string pattern = text({"a", "b", "c", "*"}, 1 + random() % 6);
      if (random() % 3 == 0) pattern += ".>";
      held.push_back(subscribe(account, pattern, random() % 4 == 0 ? "q" : ""));
    } else if (!held.empty() && random() % 20 == 0) {
      std::swap(held[random() % held.size()], held.back());
      unsubscribe(held.back());
      held.pop_back();
    }
    // One-off tokens at the end, so that the subject is not cached by itself.
    find(account, text({"a", "b", "c"}, 2 + random() % 4) + (random() % 2 == 0 ? ".a" : ".") +
                      std::to_string(round));
  }
  CHECK(routes.hits() > 1000);
  for (const Subscription& one : held) unsubscribe(one);
}

}  // namespace
}  // namespace midge::broker
