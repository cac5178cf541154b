// Permissions against tables seen from nats-server, and against an obvious model: random rules are
// compared with it over every subject of a small world. MIDGE_PERMISSION_CASES sets how many cases
// (20,000).
#include "auth/permissions.h"

#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

namespace midge::auth {
namespace {

using Subscribe = Permissions::Subscribe;

// `foo bar` is a rule with a queue.
std::vector<SubjectRule> rules(const std::vector<std::string>& texts) {
  std::vector<SubjectRule> parsed;
  for (const std::string& text : texts) {
    const std::size_t space = text.find(' ');
    parsed.push_back({text.substr(0, space),
                      space == std::string::npos ? std::string() : text.substr(space + 1)});
  }
  return parsed;
}

PermissionsConfig publishing(const std::vector<std::string>& allow,
                             const std::vector<std::string>& deny) {
  PermissionsConfig config;
  config.publish = SubjectRules{rules(allow), rules(deny)};
  return config;
}

PermissionsConfig subscribing(const std::vector<std::string>& allow,
                              const std::vector<std::string>& deny) {
  PermissionsConfig config;
  config.subscribe = SubjectRules{rules(allow), rules(deny)};
  return config;
}

Subscribe may(const PermissionsConfig& config, const std::string& subscription) {
  const SubjectRule wanted = rules({subscription}).front();
  return Permissions::compile(config)->may_subscribe(wanted.subject, wanted.queue);
}

TEST_CASE("[AUTH-42] deny wins over allow, and no rules allow everything") {
  const auto some = Permissions::compile(publishing({"x.*", "y"}, {"x.z"}));
  for (const char* subject : {"x.y", "y", "x.*", "x.>"}) CHECK(some->may_publish(subject));
  for (const char* subject : {"x.z", "x", "x.y.z", "y.z", "", "x.", "X.y"})
    CHECK_FALSE(some->may_publish(subject));
  const auto not_some = Permissions::compile(publishing({}, {"a.>"}));
  CHECK(not_some->may_publish("a"));
  CHECK(not_some->may_publish("b"));
  CHECK_FALSE(not_some->may_publish("a.b"));
  CHECK(Permissions::compile({})->may_publish("anything"));
  CHECK(Permissions::compile({})->may_subscribe(">", "") == Subscribe::kAllowed);
}

TEST_CASE("[AUTH-45] where replies may be sent, nothing else may unless a rule says so") {
  PermissionsConfig config;
  config.responses = ResponseRule{};
  CHECK_FALSE(Permissions::compile(config)->may_publish("a"));
  config.publish = SubjectRules{{}, rules({"b"})};
  CHECK_FALSE(Permissions::compile(config)->may_publish("a"));
  config.publish = SubjectRules{rules({"a"}), {}};
  CHECK(Permissions::compile(config)->may_publish("a"));
}

TEST_CASE("[AUTH-43] [AUTH-44] subscriptions and queues as nats-server takes them") {
  const auto config = subscribing({"foo", "bar v1", "baz.>", "q v1.*", "m", "m v1"},
                                  {"baz.d.*", "foo dq", "baz.p", "baz.p p1", "foo w.*"});
  for (const char* allowed : {"foo", "foo v2", "bar v1", "baz.a", "q v1.a", "q v1.*", "m", "m v1"})
    CHECK_MESSAGE(may(config, allowed) == Subscribe::kAllowed, allowed);
  for (const char* in_part : {"baz.>", "baz.*.x", "baz.*", "baz.> dq"})
    CHECK_MESSAGE(may(config, in_part) == Subscribe::kAllowedInPart, in_part);
  for (const char* denied :
       {"foo dq", "foo w.1", "bar", "bar v2", "baz.d.x", "baz.d.>", "baz.d.*", "q v1.>", "q v1",
        "q", ">", "*", "ba*", "baz.p", "baz.p p1", "baz.p p2", "m v2", "foo. 2"})
    CHECK_MESSAGE(may(config, denied) == Subscribe::kDenied, denied);
}

TEST_CASE("[AUTH-43] what a wildcard subscription may not have is sieved") {
  const auto denied = Permissions::compile(subscribing({}, {"baz.d.*", "a.b", "c.*.e q"}));
  CHECK_FALSE(denied->may_receive("baz.d.x", ""));
  CHECK(denied->may_receive("baz.e.x", ""));
  CHECK(denied->may_receive("c.d.e", ""));
  CHECK(denied->may_receive("c.d.e", "r"));
  CHECK_FALSE(denied->may_receive("c.d.e", "q"));
  CHECK_FALSE(denied->may_receive("a.b", "q"));
  // nats-server lets such a subscription pass, and delivers foo.a.b to it.
  const auto allowed = subscribing({"foo.*"}, {});
  CHECK(may(allowed, "foo.>") == Subscribe::kAllowedInPart);
  CHECK(Permissions::compile(allowed)->may_receive("foo.a", ""));
  CHECK_FALSE(Permissions::compile(allowed)->may_receive("foo.a.b", ""));
}

TEST_CASE("many rules") {
  std::vector<std::string> allow;
  for (int i = 0; i < 20'000; ++i)
    allow.push_back("tenant." + std::to_string(i) + (i % 2 ? ".>" : ".*.in"));
  const auto permissions = Permissions::compile(publishing(allow, {}));
  CHECK(permissions->may_publish("tenant.19999.a.b"));
  CHECK(permissions->may_publish("tenant.19998.a.in"));
  CHECK_FALSE(permissions->may_publish("tenant.19998.a.out"));
  CHECK_FALSE(permissions->may_publish("tenant.20000.a.in"));
}

// ---- the model: rules one after the other, tokens one after the other

using Tokens = std::vector<std::string>;

Tokens split(const std::string& subject) {
  Tokens tokens(1);
  for (const char c : subject) {
    if (c == '.')
      tokens.emplace_back();
    else
      tokens.back() += c;
  }
  return tokens;
}

bool model_matches(const std::string& subject, const std::string& rule) {
  const Tokens names = split(subject), wanted = split(rule);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i == names.size()) return false;
    if (wanted[i] == ">" && i + 1 == wanted.size()) return true;
    if (wanted[i] != "*" && wanted[i] != names[i]) return false;
  }
  return wanted.size() == names.size();
}

struct Model {
  PermissionsConfig config;

  static bool any(const std::vector<SubjectRule>& list, const std::string& subject, auto applies) {
    for (const SubjectRule& rule : list)
      if (model_matches(subject, rule.subject) && applies(rule)) return true;
    return false;
  }
  static bool names_queue(const SubjectRule& rule, const std::string& queue) {
    return !queue.empty() && !rule.queue.empty() && model_matches(queue, rule.queue);
  }

  [[nodiscard]] bool may_publish(const std::string& subject) const {
    const auto plain = [](const SubjectRule& rule) { return rule.queue.empty(); };
    if (config.publish && any(config.publish->deny, subject, plain)) return false;
    if (config.publish && !config.publish->allow.empty())
      return any(config.publish->allow, subject, plain);
    return !config.responses;
  }
  [[nodiscard]] bool may_receive(const std::string& subject, const std::string& queue) const {
    const auto applies = [&](const SubjectRule& rule) {
      return rule.queue.empty() || names_queue(rule, queue);
    };
    const SubjectRules& lists = *config.subscribe;
    return (lists.allow.empty() || any(lists.allow, subject, applies)) &&
           !any(lists.deny, subject, applies);
  }
  [[nodiscard]] bool is_denied(const std::string& subject, const std::string& queue) const {
    const auto all = [](const SubjectRule&) { return true; };
    const SubjectRules& lists = *config.subscribe;
    std::vector<SubjectRule> with_queue;
    for (const SubjectRule& rule : lists.allow)
      if (!rule.queue.empty()) with_queue.push_back(rule);
    if (!queue.empty() && any(with_queue, subject, all)) {
      if (!any(with_queue, subject, [&](const auto& rule) { return names_queue(rule, queue); }))
        return true;
    }
    return !may_receive(subject, queue);
  }
};

// Tokens shorter and longer than the eight bytes that are compared at once.
constexpr const char* kShort = "b";
constexpr const char* kLong = "aaaaaaaaa";

// Every literal subject of up to four tokens of three; `ccc` stands in no rule.
std::vector<std::string> world() {
  const std::vector<std::string> tokens = {kLong, kShort, "ccc"};
  std::vector<std::string> all = tokens;
  for (std::size_t i = 0; i < 3 + 9 + 27; ++i)
    for (const std::string& token : tokens) all.push_back(all[i] + "." + token);
  return all;
}

class Dice {
 public:
  explicit Dice(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t limit) { return engine_() % limit; }

  std::string pattern() {
    std::string text;
    for (std::size_t left = 1 + below(3); left > 0; --left) {
      if (!text.empty()) text += '.';
      const std::size_t drawn = below(8);
      if (drawn == 0) return text + '>';
      text += drawn < 3 ? "*" : drawn < 6 ? kLong : kShort;
    }
    return text;
  }
  std::string queue(bool wild) {
    static const char* const kQueues[] = {"", "", "", "q", "q.a", "q.*", "q.>"};
    return kQueues[below(wild ? 7 : 5)];
  }
  std::vector<SubjectRule> rules(std::size_t most) {
    std::vector<SubjectRule> list(below(most + 1));
    for (SubjectRule& rule : list) rule = {pattern(), queue(true)};
    return list;
  }

 private:
  std::mt19937 engine_;
};

std::string text(const PermissionsConfig& config) {
  std::string all;
  for (const auto* list : {&config.subscribe->allow, &config.subscribe->deny}) {
    all += list == &config.subscribe->allow ? "allow:" : " deny:";
    for (const SubjectRule& rule : *list) all += " [" + rule.subject + " " + rule.queue + "]";
  }
  return all;
}

TEST_CASE("[AUTH-42] [AUTH-43] [AUTH-44] random rules agree with the model") {
  const char* asked = std::getenv("MIDGE_PERMISSION_CASES");
  const long cases = asked != nullptr ? std::atol(asked) : 20'000;
  const std::vector<std::string> subjects = world();
  Dice dice(4711);
  for (long done = 0; done < cases;) {
    Model model;
    model.config.subscribe = SubjectRules{dice.rules(5), dice.rules(3)};
    model.config.publish = SubjectRules{dice.rules(5), dice.rules(3)};
    if (dice.below(8) == 0) model.config.responses = ResponseRule{};
    const auto permissions = Permissions::compile(model.config);
    CAPTURE(text(model.config));
    for (int i = 0; i < 16; ++i, ++done) {
      const std::string& subject = subjects[dice.below(subjects.size())];
      REQUIRE_MESSAGE(permissions->may_publish(subject) == model.may_publish(subject), subject);
      if (const PublishShortcut* shortcut = permissions->publish_shortcut(subject);
          shortcut && i == 0) {
        REQUIRE_MESSAGE(shortcut->allows(subject), subject);
        for (const std::string& each : subjects)
          if (shortcut->allows(each)) REQUIRE_MESSAGE(model.may_publish(each), each);
      }

      const std::string pattern = dice.pattern();
      const std::string queue = dice.queue(false);
      CAPTURE(pattern);
      CAPTURE(queue);
      REQUIRE(permissions->may_receive(subject, queue) == model.may_receive(subject, queue));
      const Subscribe answer = permissions->may_subscribe(pattern, queue);
      REQUIRE((answer == Subscribe::kDenied) == model.is_denied(pattern, queue));
      if (answer != Subscribe::kAllowed) continue;
      // Nobody will ask again: whatever it matches must be allowed.
      for (const std::string& each : subjects)
        if (model_matches(each, pattern)) REQUIRE_MESSAGE(model.may_receive(each, queue), each);
    }
  }
}

}  // namespace
}  // namespace midge::auth
