// Goal: --explain-auth tells what a user may do, and the place of the rule that decides.
// Method: one configuration, questions and answers side by side.
#include "server/options/explain_auth.h"

#include <doctest/doctest.h>

#include "server/options/command_line.h"

namespace midge::server {
namespace {

constexpr const char* kConfig =
    "accounts {\n"
    "  A { users: [\n"
    "    {user: alice, password: x, permissions: {\n"
    "      publish: {\n"
    "        allow: [\"orders.>\", \"news\"],\n"
    "        deny: \"orders.secret\" }\n"
    "      subscribe: {\n"
    "        allow: [\"orders.>\", \"work v1\"]\n"
    "        deny: \"orders.secret\" }}}\n"
    "    {user: bob, password: x}\n"
    "    {user: carol, password: x, permissions: {allow_responses: true}} ] } }\n";

CommandLineResult run(const std::string& user, const std::string& subject) {
  const conf::Sources sources{
      .read_file = [](const std::string&) -> Result<std::string> { return kConfig; },
      .environment = [](const std::string&) -> std::optional<std::string> { return std::nullopt; },
  };
  return parse_command_line(
      std::vector<std::string>{"--explain-auth", user, subject, "-c", "s.conf"}, sources);
}

std::string answer(const std::string& user, const std::string& subject) {
  const CommandLineResult result = run(user, subject);
  CHECK(result.action == CommandLineResult::Action::kExit);
  CHECK(result.status == 0);
  return result.out.substr(result.out.find('\n') + 1);
}

TEST_CASE("the rule that decides") {
  CHECK(run("alice", "news").out.starts_with("user \"alice\" of account \"A\" (s.conf:3)\n"));
  CHECK(answer("alice", "orders.new") ==
        "publish \"orders.new\": allowed (s.conf:5: allow \"orders.>\")\n"
        "subscribe \"orders.new\": allowed (s.conf:8: allow \"orders.>\")\n");
  CHECK(answer("alice", "orders.secret") ==
        "publish \"orders.secret\": denied (s.conf:6: deny \"orders.secret\")\n"
        "subscribe \"orders.secret\": denied (s.conf:9: deny \"orders.secret\")\n");
  CHECK(answer("alice", "news") ==
        "publish \"news\": allowed (s.conf:5: allow \"news\")\n"
        "subscribe \"news\": denied (s.conf:8: none of the rules that allow matches)\n");
}

TEST_CASE("wildcards and queues are subscribed to, not published") {
  CHECK(answer("alice", "orders.*") ==
        "subscribe \"orders.*\": allowed in part (s.conf:9: deny \"orders.secret\")\n");
  CHECK(answer("alice", "work v1") ==
        "subscribe \"work v1\": allowed (s.conf:8: allow \"work v1\")\n");
  CHECK(answer("alice", "work v2") ==
        "subscribe \"work v2\": denied (s.conf:8: none of the rules that allow matches)\n");
}

TEST_CASE("[AUTH-50] where an auth callout decides") {
  const auto ask = [](const std::string& user) {
    const conf::Sources sources{
        .read_file = [](const std::string&) -> Result<std::string> {
          return "accounts { A {users: [{user: auth, password: x}, {user: bob, password: x}]} }\n"
                 "authorization { auth_callout { account: A, auth_users: [auth], issuer: "
                 "ABJHLOVMPA4CI6R5KLNGOB4GSLNIY7IOUPAJC4YFNDLQVIOBYQGUWVLA } }\n";
        },
        .environment = [](const std::string&) -> std::optional<std::string> {
          return std::nullopt;
        },
    };
    return parse_command_line(std::vector<std::string>{"--explain-auth", user, "x", "-c", "s.conf"},
                              sources);
  };
  CHECK(ask("auth").out.find("publish \"x\": allowed") != std::string::npos);
  CHECK(ask("bob").out.find("the auth callout's service decides who it is") != std::string::npos);
  CHECK(ask("eve").err.find("the auth callout's service decides") != std::string::npos);
}

TEST_CASE("without rules, and with the right to answer alone") {
  CHECK(answer("bob", "x") ==
        "publish \"x\": allowed (no rule is against it)\n"
        "subscribe \"x\": allowed (no rule is against it)\n");
  CHECK(answer("carol", "x") ==
        "publish \"x\": denied (allow_responses lets it answer requests, and publish nothing "
        "else)\n"
        "subscribe \"x\": allowed (no rule is against it)\n");
}

TEST_CASE("a role of those who come with tokens, and whoever else they may be") {
  const auto ask = [](const std::string& user) {
    const conf::Sources sources{
        .read_file = [](const std::string&) -> Result<std::string> {
          return "authorization { oidc {\n issuer: \"https://i\"\n audience: n\n roles_claim: r\n"
                 "roles {\n reader: { subscribe: \"a.>\" } } } }\n";
        },
        .environment = [](const std::string&) -> std::optional<std::string> {
          return std::nullopt;
        },
    };
    return parse_command_line(
        std::vector<std::string>{"--explain-auth", user, "a.b", "-c", "s.conf"}, sources);
  };
  CHECK(ask("reader").out ==
        "oidc role \"reader\" (s.conf:6)\n"
        "publish \"a.b\": allowed (no rule is against it)\n"
        "subscribe \"a.b\": allowed (s.conf:6: allow \"a.>\")\n");
  CHECK(ask("ann").err ==
        "nats-server: no user \"ann\": the configuration has no such user or role; bearers of "
        "tokens of https://i may log in, as their claims say (s.conf:1)\n");
}

TEST_CASE("what can not be answered") {
  CHECK(run("dave", "x").status == 1);
  CHECK(run("dave", "x").err ==
        "nats-server: no user \"dave\": the configuration has no such user\n");
  CHECK(parse_command_line(std::vector<std::string>{"--explain-auth", "bob"}, {}).err ==
        "nats-server: flag needs two arguments: -explain-auth\n");
  CHECK(run("bob", "a..b").err == "nats-server: subject \"a..b\" is not a valid subject\n");
}

}  // namespace
}  // namespace midge::server
