// Goal: a message reaches, over all accounts, exactly who it should, and routes notice changes.
// Method: an index with named subscriptions as targets, accounts with imports; the parts of the
// routes are written out as text.
#include "broker/account_route.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "broker/account_model.h"
#include "broker/route_cache.h"
#include "subject/subject.h"

namespace midge::broker {
namespace {

constexpr LoopId kLoop{0};

ExportConfig exported(bool is_service, std::string subject) {
  ExportConfig config;
  config.is_service = is_service;
  config.subject = std::move(subject);
  return config;
}

ImportConfig imported(bool is_service, std::string account, std::string subject,
                      std::string to = {}) {
  ImportConfig config;
  config.is_service = is_service;
  config.account = std::move(account);
  config.subject = std::move(subject);
  config.to = std::move(to);
  return config;
}

struct World {
  explicit World(const std::vector<AccountConfig>& configs) {
    auto resolved = AccountPlans::resolve(configs, accounts, nullptr);
    REQUIRE(resolved);
    plans = *resolved;
    cache.set_plans(plans.get());
  }
  AccountId id(std::string_view name) const { return accounts.find(name).value(); }

  subject::Target subscribe(std::string_view account, std::string_view subject,
                            std::string_view queue = {}) {
    const subject::Target target(kLoop, slots, 0);
    ++slots;
    registrations.push_back(index.insert(id(account), subject, queue, target));
    return target;
  }
  void unsubscribe(subject::Target target) { index.remove(registrations[target.slot()], target); }

  // What a message reaches: `account:subject[slots]` for each part that somebody receives, and
  // `queue{slots}` for each group.
  std::string route(std::string_view account, std::string_view subject, std::uint64_t draw = 0) {
    Route& found = cache.find(id(account), subject);
    std::string text;
    if (!found.detour) {
      append_part(found, account, subject, "", text);
      for (const auto& group : found.groups) {
        text += group.name + "{";
        for (const auto member : group.members) text += std::to_string(member.slot()) + ",";
        text += "} ";
      }
      return text;
    }
    const CrossRoute& all = found.detour->next(cache.router(), draw);
    for (const RoutePart& part : all.parts)
      append_part(part.targets, accounts.name(part.account), part.subject,
                  part.terms == nullptr ? "" : "?", text);
    for (const auto& group : all.groups) {
      text += group.name + "{";
      for (const auto& member : group.members) text += std::to_string(member.target.slot()) + ",";
      text += "} ";
    }
    return text;
  }
  static void append_part(const RouteTargets& targets, std::string_view account,
                          std::string_view subject, std::string_view mark, std::string& text) {
    if (targets.local.empty()) return;
    text.append(account).append(":").append(subject).append(mark).append("[");
    for (const auto target : targets.local) text += std::to_string(target.slot()) + ",";
    text += "] ";
  }

  Accounts accounts;
  AccountPlansPtr plans;
  subject::InterestIndex index{1, 7};
  RouteCache cache{index, kLoop, 11};
  std::vector<subject::Registration> registrations;
  std::uint32_t slots = 0;
};

std::vector<AccountConfig> two(std::vector<ExportConfig> exports,
                               std::vector<ImportConfig> imports) {
  std::vector<AccountConfig> configs(2);
  configs[0].name = "A";
  configs[0].exports = std::move(exports);
  configs[1].name = "B";
  configs[1].imports = std::move(imports);
  return configs;
}

TEST_CASE("accounts do not see each other [ACCT-01]") {
  World world(two({}, {}));
  world.subscribe("A", "x");
  world.subscribe("B", ">");
  world.subscribe("B", "x", "q");
  CHECK(world.route("A", "x") == "A:x[0,] ");
  CHECK(world.route("B", "x") == "B:x[1,] q{2,} ");
}

TEST_CASE("streams reach those who import them [ACCT-05]") {
  auto prefixed = imported(false, "A", "s.one");
  prefixed.prefix = "p";
  World world(
      two({exported(false, "s.>"), exported(false, "o.*.*")},
          {imported(false, "A", "s.>"), prefixed, imported(false, "A", "o.*.*", "x.$2.$1")}));
  world.subscribe("A", "s.one");
  world.subscribe("B", ">");
  world.subscribe("B", "p.s.*");
  CHECK(world.route("A", "s.one") == "A:s.one[0,] B:s.one[1,] B:p.s.one[1,2,] ");
  CHECK(world.route("A", "o.1.2") == "B:x.2.1[1,] ");
  CHECK(world.route("A", "other") == "");
  CHECK(world.route("B", "s.one") == "B:s.one[1,] ");
}

TEST_CASE("a queue group spans an account and those that import its stream") {
  World world(two({exported(false, "s")}, {imported(false, "A", "s", "t")}));
  world.subscribe("A", "s", "q");
  world.subscribe("B", "t", "q");
  world.subscribe("B", "t", "other");
  CHECK(world.route("A", "s") == "q{0,1,} other{2,} ");
}

TEST_CASE("whether anybody is reached, with services or without") {
  World world(two({exported(true, "ask"), exported(false, "s")},
                  {imported(true, "A", "ask"), imported(false, "A", "s")}));
  const auto reaches = [&](const char* account, const char* subject, bool asks_services) {
    CrossRoute all;
    world.cache.router().build(world.id(account), subject, 0, all);
    return all.reaches_anybody(asks_services);
  };
  CHECK(!reaches("A", "s", true));
  world.subscribe("B", "s", "q");
  CHECK(reaches("A", "s", false));
  CHECK(!reaches("B", "ask", true));
  world.subscribe("A", "ask");
  CHECK(reaches("B", "ask", true));
  CHECK(!reaches("B", "ask", false));
}

TEST_CASE("requests reach the service, and not who imports a stream of it [ACCT-01] [ACCT-07]") {
  auto configs = two({exported(true, "svc.*"), exported(false, "svc.>")},
                     {imported(true, "A", "svc.*", "my.$1")});
  configs.emplace_back().name = "C";
  configs[2].imports = {imported(false, "A", "svc.>")};
  World world(configs);
  world.subscribe("A", "svc.x");
  world.subscribe("B", "my.x");
  world.subscribe("C", "svc.x");
  world.subscribe("A", "my.x");
  CHECK(world.route("B", "my.x") == "B:my.x[1,] A:svc.x?[0,] ");
  CHECK(world.route("A", "svc.x") == "A:svc.x[0,] C:svc.x[2,] ");
  CHECK(world.route("A", "my.x") == "A:my.x[3,] ");
}

TEST_CASE("streams of streams go no further, services of services do") {
  std::vector<AccountConfig> configs(3);
  for (std::size_t i = 0; i < 3; ++i) {
    configs[i].name = std::string(1, static_cast<char>('A' + i));
    configs[i].exports = {exported(false, "s"), exported(true, "svc")};
    if (i == 0) continue;
    configs[i].imports = {imported(false, configs[i - 1].name, "s"),
                          imported(true, configs[i - 1].name, "svc")};
  }
  configs[0].exports[1].response = ResponseType::kStream;
  World world(configs);
  for (const char* account : {"A", "B", "C"}) world.subscribe(account, ">");
  CHECK(world.route("A", "s") == "A:s[0,] B:s[1,] ");
  CHECK(world.route("C", "svc") == "C:svc[2,] B:svc?[1,] A:svc?[0,] ");
  // The strictest promise of the chain holds.
  const CrossRoute& all =
      world.cache.find(world.id("C"), "svc").detour->next(world.cache.router(), 0);
  REQUIRE(all.parts.size() == 3);
  CHECK(all.parts[2].terms->response == ResponseType::kSingleton);
}

TEST_CASE("an import from oneself ends") {
  std::vector<AccountConfig> configs(1);
  configs[0].name = "A";
  configs[0].exports = {exported(true, "a")};
  configs[0].imports = {imported(true, "A", "a")};
  World world(configs);
  world.subscribe("A", "a");
  CHECK(world.route("A", "a") == "A:a[0,] ");
}

TEST_CASE("mapped messages leave their subject, once [ACCT-17]") {
  auto configs = two({exported(true, "svc.*"), exported(false, "s.>")},
                     {imported(true, "A", "svc.*"), imported(false, "A", "s.>")});
  configs[0].mappings = {{"a.*", {{"b.$1", 100, ""}}},
                         {"b.*", {{"c.$1", 100, ""}}},
                         {"m.*", {{"s.$1", 100, ""}}},
                         {"svc.one", {{"svc.two", 100, ""}}}};
  World world(configs);
  for (const char* subject : {"a.x", "b.x", "c.x", "svc.*"}) world.subscribe("A", subject);
  world.subscribe("B", "s.*");
  CHECK(world.route("A", "a.x") == "A:b.x[1,] ");
  CHECK(world.route("A", "m.y") == "B:s.y[4,] ");
  CHECK(world.route("B", "svc.one") == "A:svc.two?[3,] ");
}

TEST_CASE("weighted and random mappings are drawn for each message [ACCT-18] [ACCT-23]") {
  std::vector<AccountConfig> configs(1);
  configs[0].name = "A";
  configs[0].mappings = {{"w", {{"w1", 50, ""}, {"w2", 30, ""}}},
                         {"r", {{"r.{{random(1000)}}", 100, ""}}}};
  World world(configs);
  for (const char* subject : {"w", "w1", "w2", "r.*"}) world.subscribe("A", subject);
  CHECK(world.route("A", "w", 0) == "A:w1[1,] ");
  CHECK(world.route("A", "w", std::uint64_t{60} << 16) == "A:w2[2,] ");
  CHECK(world.route("A", "w", std::uint64_t{90} << 16) == "A:w[0,] ");
  std::vector<std::string> seen;
  for (std::uint64_t i = 0; i < 500; ++i) {
    seen.push_back(world.route("A", "r", i * 0x9e3779b97f4a7c15U));
    REQUIRE(seen.back().starts_with("A:r."));
  }
  std::ranges::sort(seen);
  const auto repeated = std::ranges::unique(seen);
  CHECK(seen.size() - repeated.size() > 200);
}

TEST_CASE("a prepared route sees what changes in any of its accounts") {
  World world(two({exported(false, "s"), exported(true, "svc")},
                  {imported(false, "A", "s"), imported(true, "A", "svc")}));
  const auto nobody = [&] {
    return world.route("A", "s").empty() && world.route("B", "svc").empty();
  };
  for (int i = 0; i < 3; ++i) CHECK(nobody());  // cached by now
  const auto in_b = world.subscribe("B", "s");
  const auto in_a = world.subscribe("A", "svc");
  CHECK(world.route("A", "s") == "B:s[0,] ");
  CHECK(world.route("B", "svc") == "A:svc?[1,] ");
  world.unsubscribe(in_b);
  world.unsubscribe(in_a);
  CHECK(nobody());
}

TEST_CASE("other plans, other routes") {
  World world(two({exported(false, "s")}, {imported(false, "A", "s")}));
  world.subscribe("B", ">");
  for (int i = 0; i < 3; ++i) CHECK(world.route("A", "s") == "B:s[0,] ");
  auto resolved = AccountPlans::resolve(two({}, {}), world.accounts, nullptr);
  REQUIRE(resolved);
  world.cache.set_plans(resolved->get());
  world.plans = *resolved;
  CHECK(world.route("A", "s") == "");
}

TEST_CASE("what every account imports of the system account [SYS-15, SYS-31]") {
  auto configs = two({}, {});
  configs[1].imports.push_back(imported(true, "A", "own", "$SYS.REQ.ACCOUNT.PING.CONNZ"));
  configs[0].exports.push_back(exported(true, "own"));
  World world(configs);
  auto resolved = AccountPlans::resolve(configs, world.accounts, nullptr);
  REQUIRE(resolved);
  const DefaultService services[] = {
      {"$SYS.REQ.ACCOUNT.PING.CONNZ", "$SYS.REQ.ACCOUNT.*.CONNZ", ResponseType::kStream},
      {"$SYS.REQ.USER.INFO", "$SYS.REQ.USER.*.INFO"}};
  (*resolved)->import_everywhere(services);
  world.plans = *resolved;
  world.cache.set_plans(world.plans.get());
  world.subscribe("$SYS", "$SYS.REQ.ACCOUNT.*.CONNZ");
  world.subscribe("$SYS", "$SYS.REQ.USER.*.INFO");
  world.subscribe("A", "own");
  world.subscribe("A", "$SYS.>");
  CHECK(world.route("A", "$SYS.REQ.ACCOUNT.PING.CONNZ") ==
        "A:$SYS.REQ.ACCOUNT.PING.CONNZ[3,] $SYS:$SYS.REQ.ACCOUNT.A.CONNZ?[0,] ");
  CHECK(world.route("B", "$SYS.REQ.USER.INFO") == "$SYS:$SYS.REQ.USER.B.INFO?[1,] ");
  // It is for the importer alone to say which account it is.
  CHECK(world.route("B", "$SYS.REQ.ACCOUNT.A.CONNZ") == "");
  CHECK(world.route("$SYS", "$SYS.REQ.USER.INFO") == "");
  // An account without a description imports nothing.
  CHECK(world.route("$G", "$SYS.REQ.USER.INFO") == "");
  // What is imported otherwise goes there, too.
  CHECK(world.route("B", "$SYS.REQ.ACCOUNT.PING.CONNZ") ==
        "$SYS:$SYS.REQ.ACCOUNT.B.CONNZ?[0,] A:own?[2,] ");
}

// ---- random accounts against a model

std::vector<std::string> reached(World& world, std::string_view account, std::string_view subject) {
  std::vector<std::string> all;
  const auto add = [&](const RouteTargets& targets, AccountId where, std::string_view as) {
    for (const auto target : targets.local)
      all.push_back(world.accounts.name(where) + " " + std::string(as) + " " +
                    std::to_string(target.slot()));
  };
  Route& route = world.cache.find(world.id(account), subject);
  if (!route.detour) add(route, route.account, subject);
  if (route.detour)
    for (const RoutePart& part : route.detour->next(world.cache.router(), 0).parts)
      add(part.targets, part.account, part.subject);
  std::ranges::sort(all);
  return all;
}

TEST_CASE("no message crosses a boundary that the model forbids, and all others do") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    AccountMaker make(seed);
    std::vector<AccountConfig> configs = make.configs();
    std::vector<AccountModel::Subscription> subscriptions;
    std::vector<subject::Target> targets;
    World world(std::vector<AccountConfig>(4));
    for (unsigned step = 0; step < 300; ++step) {
      if (step % 60 == 0) {
        configs = make.configs();
        std::vector<Error> skipped;
        auto resolved = AccountPlans::resolve(configs, world.accounts, &skipped);
        REQUIRE(resolved);
        world.cache.set_plans(resolved->get());
        world.plans = *resolved;
      }
      const unsigned what = make.below(10);
      if (what == 0) {
        subscriptions.push_back({make.account(), make.pattern()});
        targets.push_back(
            world.subscribe(subscriptions.back().account, subscriptions.back().subject));
      } else if (what == 1 && !targets.empty()) {
        const unsigned one = make.below(static_cast<unsigned>(targets.size()));
        if (std::exchange(subscriptions[one].live, false)) world.unsubscribe(targets[one]);
      } else {
        const std::string account = make.account(), subject = make.subject();
        CAPTURE(seed);
        CAPTURE(step);
        REQUIRE(reached(world, account, subject) ==
                AccountModel(configs, subscriptions).reach(account, subject));
      }
    }
  }
}

}  // namespace
}  // namespace midge::broker
