// Goal: what accounts may import is decided, and refused, as nats-server 2.15.2 does; mappings are
// found, the most specific first.
// Method: small sets of accounts with the text that `nats-server -t` printed for the same file.
#include "broker/account_plan.h"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

namespace midge::broker {
namespace {

ExportConfig stream(std::string subject, std::vector<std::string> accounts = {}) {
  ExportConfig config;
  config.subject = std::move(subject);
  config.accounts = std::move(accounts);
  return config;
}

ExportConfig service(std::string subject, std::vector<std::string> accounts = {}) {
  ExportConfig config = stream(std::move(subject), std::move(accounts));
  config.is_service = true;
  return config;
}

ImportConfig import_of(bool is_service, std::string account, std::string subject, std::string to) {
  ImportConfig config;
  config.is_service = is_service;
  config.account = std::move(account);
  config.subject = std::move(subject);
  config.to = std::move(to);
  return config;
}

ImportConfig streams(std::string account, std::string subject, std::string to = {}) {
  return import_of(false, std::move(account), std::move(subject), std::move(to));
}

ImportConfig serves(std::string account, std::string subject, std::string to = {}) {
  return import_of(true, std::move(account), std::move(subject), std::move(to));
}

AccountConfig account(std::string name, std::vector<ExportConfig> exports,
                      std::vector<ImportConfig> imports = {}) {
  AccountConfig config;
  config.name = std::move(name);
  config.exports = std::move(exports);
  config.imports = std::move(imports);
  return config;
}

std::string refusal(const std::vector<AccountConfig>& configs) {
  const auto checked = check_accounts(configs);
  return checked ? std::string() : checked.error().text();
}

TEST_CASE("imports need an export that lets them in [ACCT-04] [ACCT-05] [ACCT-07]") {
  CHECK(refusal({account("A", {stream("a.>")}), account("B", {}, {streams("A", "a.b")})}).empty());
  CHECK(refusal({account("A", {stream("a.>", {"B"})})}) ==
        "\"B\" account not defined for stream export");
  CHECK(refusal({account("A", {service("a.>", {"B"})})}) ==
        "\"B\" account not defined for service export");
  CHECK(refusal({account("B", {}, {streams("A", "a")})}) ==
        "\"A\" account not defined for stream import");
  CHECK(refusal({account("B", {}, {serves("A", "a")})}) ==
        "\"A\" account not defined for service import");
  CHECK(refusal({account("A", {}), account("B", {}, {streams("A", "a")})}) ==
        "Error adding stream import \"a\": stream import not authorized");
  CHECK(refusal({account("A", {stream("a.*")}), account("B", {}, {streams("A", "a.>")})}) ==
        "Error adding stream import \"a.>\": stream import not authorized");
  CHECK(refusal({account("A", {stream("a")}), account("B", {}, {serves("A", "a")})}) ==
        "Error adding service import \"a\": service import not authorized");
  CHECK(refusal({account("A", {stream("a.*", {"C"})}), account("C", {}),
                 account("B", {}, {streams("A", "a.*")})}) ==
        "Error adding stream import \"a.*\": stream import not authorized");
}

TEST_CASE("a narrower export decides over a wider one") {
  const auto b = account("B", {}), c = account("C", {}, {streams("A", "a.b")});
  CHECK(refusal({account("A", {stream("a.>"), stream("a.b", {"B"})}), b, c}) ==
        "Error adding stream import \"a.b\": stream import not authorized");
  CHECK(refusal({account("A", {stream("a.>", {"B"}), stream("a.b")}), b, c}).empty());
  CHECK(refusal({account("A", {stream("a.*"), stream("a.b*", {"B"})}), b, c}).empty());
  // Neither is narrower: both have to let it in.
  CHECK(refusal({account("A", {stream("a.*", {"B"}), stream("*.b")}), b, c}) ==
        "Error adding stream import \"a.b\": stream import not authorized");
}

TEST_CASE("the account's own token in the subject [ACCT-12]") {
  ExportConfig tokens = service("a.*");
  tokens.account_token_position = 2;
  const std::string denied = "\": service import not authorized";
  CHECK(refusal({account("A", {tokens}), account("B", {}, {serves("A", "a.B")})}).empty());
  CHECK(refusal({account("A", {tokens}), account("B", {}, {serves("A", "a.x")})}) ==
        "Error adding service import \"a.x" + denied);
  CHECK(refusal({account("A", {tokens}), account("B", {}, {serves("A", "a.*")})}) ==
        "Error adding service import \"a.*" + denied);
  tokens.account_token_position = 3;
  CHECK(refusal({account("A", {tokens})}) ==
        "Error adding service export \"a.*\": sublist: invalid subject");
  tokens.account_token_position = 1;
  CHECK(refusal({account("A", {tokens})}) ==
        "Error adding service export \"a.*\": sublist: invalid subject");
}

TEST_CASE("where an import's subjects go [ACCT-05] [ACCT-07]") {
  const auto stream_to = [](std::string subject, std::string to) {
    return refusal({account("A", {stream(">")}),
                    account("B", {}, {streams("A", std::move(subject), std::move(to))})});
  };
  CHECK(stream_to("a.*", "b.$1").empty());
  CHECK(stream_to("a.*", "b.*").empty());
  CHECK(stream_to("a", "b.$1").empty());
  CHECK(stream_to("a.*", "b.{{partition(3,1)}}") ==
        "Error adding stream import \"a.*\": failed to create mapping transform for stream import "
        "subject from \"a.*\" to \"b.{{partition(3,1)}}\": invalid mapping destination: the only "
        "mapping function allowed for import transforms is {{Wildcard()}} in {{partition(3,1)}}");
  CHECK(stream_to("a.*", "b..$1") ==
        "Error adding stream import \"a.*\": failed to create mapping transform for stream import "
        "subject from \"a.*\" to \"b..$1\": invalid subject");
  const auto service_to = [](std::string subject, std::string to) {
    return refusal({account("A", {service(">")}),
                    account("B", {}, {serves("A", std::move(subject), std::move(to))})});
  };
  CHECK(service_to("a.*", "b.$1").empty());
  CHECK(service_to("a", "b.*").empty());
  CHECK(service_to("a.>", "b.>").empty());
  CHECK(service_to("a", "b..c") == "Error adding service import \"a\": sublist: invalid subject");
  CHECK(service_to("a.*.*", "b.$1") ==
        "Error adding service import \"a.*.*\": failed to create mapping transform for service "
        "import subject from \"b.$1\" to \"a.*.*\": invalid mapping destination: not using all of "
        "the token wildcard(s) in b.$1");
  CHECK(service_to("a.>", "b.*") ==
        "Error adding service import \"a.>\": failed to create mapping transform for service "
        "import subject from \"b.*\" to \"a.>\": invalid subject");

  ImportConfig prefixed = streams("A", "a");
  prefixed.prefix = "x.*";
  CHECK(refusal({account("A", {stream("a")}), account("B", {}, {prefixed})}) ==
        "Error adding stream import \"a\": stream import prefix can not contain wildcard tokens");
  CHECK(refusal({account("A", {stream("a")}),
                 account("B", {}, {streams("A", "a"), streams("A", "a", "b")})}) ==
        "Error adding stream import \"a\": stream import already exists");
}

TEST_CASE("imports that form a cycle are refused [ACCT-08]") {
  const auto pair = [](bool is_service, const char* a_has, const char* a_gets, const char* b_has,
                       const char* b_gets, const char* a_as = "", const char* b_as = "") {
    ExportConfig a = stream(a_has), b = stream(b_has);
    a.is_service = b.is_service = is_service;
    return refusal({account("A", {a}, {import_of(is_service, "B", a_gets, a_as)}),
                    account("B", {b}, {import_of(is_service, "A", b_gets, b_as)})});
  };
  CHECK(pair(false, "a", "b", "b", "a", "a", "b") ==
        "Error adding stream import \"a\": import forms a cycle");
  CHECK(pair(true, "a", "b", "b", "a", "a", "b") ==
        "Error adding service import \"a\": import forms a cycle");
  CHECK(pair(true, "a.*", "a.b", "a.*", "a.*") ==
        "Error adding service import \"a.*\": import forms a cycle");
  CHECK(pair(false, "a.x", "a.b", "a.*", "a.x").empty());

  const auto around = [](const char* from) { return std::vector{serves(from, "a")}; };
  CHECK(
      refusal({account("A", {service("a")}, around("C")), account("B", {service("a")}, around("A")),
               account("C", {service("a")}, around("B"))}) ==
      "Error adding service import \"a\": import forms a cycle");
  CHECK(refusal({account("A", {service("a")}), account("B", {service("a")}, around("A")),
                 account("C", {service("a")}, around("B"))})
            .empty());
  // From oneself is no cycle, as with nats-server.
  CHECK(refusal({account("A", {service("a")}, around("A"))}).empty());
}

MappingConfig mapping(std::string source, std::vector<std::pair<std::string, int>> destinations) {
  MappingConfig config;
  config.source = std::move(source);
  for (auto& [subject, weight] : destinations)
    config.destinations.push_back({std::move(subject), weight, ""});
  return config;
}

TEST_CASE("mappings that cannot be [ACCT-18] [ACCT-20]") {
  const auto refused = [](const MappingConfig& config) {
    const auto checked = check_mapping(config);
    return checked ? std::string() : checked.error().text();
  };
  CHECK(refused(mapping("a.*", {{"b", 100}})).empty());
  CHECK(refused(mapping("a", {{"b", 60}, {"c", 50}})) ==
        "Error adding mapping for \"a\" : total weight needs to be <= 100");
  CHECK(refused(mapping("a", {{"b", 10}, {"b", 10}})) ==
        "Error adding mapping for \"a\" : duplicate entry for \"b\"");
  CHECK(refused(mapping("a.*", {{"b.{{foo(1)}}", 100}})) ==
        "Error adding mapping for \"a.*\" to \"b.{{foo(1)}}\" : invalid mapping destination: "
        "unknown function in {{foo(1)}}");
  CHECK(refused(mapping("a.*", {{"b..c", 100}})) ==
        "Error adding mapping for \"a.*\" to \"b..c\" : invalid mapping destination: invalid "
        "transform");
  CHECK(refused(mapping("a.*", {{"b.>", 100}})) ==
        "Error adding mapping for \"a.*\" to \"b.>\" : invalid subject");
  // Each cluster has its own hundred.
  MappingConfig clustered = mapping("a", {{"b", 80}, {"c", 80}});
  clustered.destinations[0].cluster = "east";
  CHECK(refused(clustered).empty());
}

struct Resolved {
  explicit Resolved(const std::vector<AccountConfig>& configs) {
    auto resolved = AccountPlans::resolve(configs, accounts, &skipped);
    REQUIRE(resolved);
    plans = *resolved;
  }
  const AccountPlan& operator[](std::string_view name) const {
    return *plans->find(accounts.find(name).value());
  }
  Accounts accounts;
  std::vector<Error> skipped;
  AccountPlansPtr plans;
};

TEST_CASE("the most specific mapping applies [ACCT-17]") {
  AccountConfig config = account("A", {});
  for (const char* source : {"a.>", "a.*.c", "a.b.*", "a.*.*", "a.b.c", ">"})
    config.mappings.push_back(mapping(
        source,
        {{source == std::string(">") || source == std::string("a.>") ? "to.>" : "to", 100}}));
  const Resolved resolved({config});
  const AccountPlan& plan = resolved["A"];
  const auto source_for = [&](std::string_view subject) {
    return plan.mapping_for(subject)->source;
  };
  CHECK(source_for("a.b.c") == "a.b.c");
  CHECK(source_for("a.x.c") == "a.*.c");
  CHECK(source_for("a.b.x") == "a.b.*");
  CHECK(source_for("a.x.y") == "a.*.*");
  CHECK(source_for("a.x.y.z") == "a.>");
  CHECK(source_for("x") == ">");
  CHECK(plan.concerns("x"));
  CHECK(resolved.plans->find_crossing(plan.id) == &plan);
}

TEST_CASE("weights are shares of a hundred; the rest stays [ACCT-18] [ACCT-19]") {
  AccountConfig config = account("A", {});
  config.mappings.push_back(mapping("a", {{"b", 50}, {"c", 30}}));
  config.mappings.push_back(mapping("d", {{"e", 100}}));
  config.mappings.back().destinations[0].cluster = "elsewhere";
  const Resolved resolved({config});
  const Mapping& weighted = *resolved["A"].mapping_for("a");
  std::map<std::string, int> counts;
  for (std::uint64_t i = 0; i < 100; ++i) {
    const auto* chosen = weighted.choose(i << 16);
    ++counts[chosen == nullptr ? "a" : chosen->destination()];
  }
  CHECK(counts == std::map<std::string, int>{{"a", 20}, {"b", 50}, {"c", 30}});
  CHECK_FALSE(weighted.is_steady());
  CHECK(resolved["A"].mapping_for("d")->choose(0) == nullptr);
}

TEST_CASE("what is wrong can be left out instead") {
  const Resolved resolved(
      {account("A", {stream("a")}),
       account("B", {}, {streams("A", "b"), streams("A", "a"), serves("A", "a")})});
  CHECK(resolved.skipped.size() == 2);
  CHECK(resolved["A"].stream_uses.size() == 1);
  CHECK(resolved["B"].service_uses.empty());
  CHECK(resolved.plans->find_crossing(resolved["B"].id) == nullptr);
}

TEST_CASE("sessions of an account are counted [ACCT-03]") {
  Accounts accounts;
  const AccountId a = accounts.add("A");
  CHECK(accounts.enter(a, 2));
  CHECK(accounts.enter(a, 2));
  CHECK_FALSE(accounts.enter(a, 2));
  CHECK(accounts.connections(a) == 2);
  accounts.leave(a);
  CHECK(accounts.enter(a, 2));
  CHECK(accounts.enter(a, -1));
  CHECK(accounts.connections(a) == 3);
}

TEST_CASE("who asks whom, by however many imports [ACCT-07]") {
  const std::vector<AccountConfig> configs = {
      account("A", {service("s")}), account("B", {service("t")}, {serves("A", "s", "t")}),
      account("C", {stream("x")}, {serves("B", "t")}), account("D", {}, {streams("C", "x")})};
  Accounts accounts;
  const auto plans = AccountPlans::resolve(configs, accounts, nullptr);
  REQUIRE(plans);
  const auto asks = [&](const char* asker, const char* provider) {
    return (*plans)->asks(*accounts.find(asker), *accounts.find(provider));
  };
  CHECK(asks("C", "B"));
  CHECK(asks("C", "A"));
  CHECK_FALSE(asks("A", "C"));
  CHECK_FALSE(asks("D", "C"));  // a stream is no question
  CHECK_FALSE(asks("B", "B"));
  CHECK((*plans)->asks(*accounts.find("D"), kSystemAccount));
}

TEST_CASE("what a subscription takes of an imported stream is told in the exporter's words") {
  ImportConfig prefixed = streams("A", "str.>");
  prefixed.prefix = "p";
  const std::vector<AccountConfig> configs = {
      account("A", {stream("str.>"), stream("to.*.*"), stream("one")}),
      account("B", {}, {prefixed, streams("A", "to.*.*", "y.$2.$1"), streams("A", "one", "z.one")}),
      account("C", {}, {streams("A", "str.>")})};
  Accounts accounts;
  const auto plans = AccountPlans::resolve(configs, accounts, nullptr);
  REQUIRE(plans);
  const auto& uses = (*plans)->find(*accounts.find("A"))->stream_uses;
  REQUIRE(uses.size() == 4);
  const struct {
    std::size_t use;
    std::string_view subscription, taken;
  } cases[] = {
      {0, "p.str.a", "str.a"},   {0, "p.str.*", "str.*"}, {0, "p.>", "str.>"},
      {0, "p.*.a", "str.a"},     {0, ">", "str.>"},       {0, "*.*.a", "str.a"},
      {1, "y.*.*", "to.*.*"},    {1, "y.2.1", "to.1.2"},  {1, "y.2.*", "to.*.2"},
      {1, "y.>", "to.*.*"},      {1, "y.*.1", "to.1.*"},  {2, "z.>", "one"},
      {3, "str.a.>", "str.a.>"}, {3, "*.b", "str.b"},
  };
  for (const auto& one : cases) {
    CAPTURE(one.subscription);
    CHECK(uses[one.use].taken_by(one.subscription) == one.taken);
  }
}

}  // namespace
}  // namespace midge::broker
