// Goal: blocks of users, accounts and TLS arrive in their structs, with the defaults of what they
// do not say. What is wrong with them, tests/cli/cases tell by the hundred.
// Method: small files, read as at start; fields looked at.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "server/options/command_line.h"

namespace midge::server {
namespace {

constexpr const char* kUserKey = "UCNGL4W5QX66CFX6A6DCBVDH5VOHMI7B2UZZU7TXAUQQSI2JPHULCKBR";
constexpr const char* kAccountKey = "ABJHLOVMPA4CI6R5KLNGOB4GSLNIY7IOUPAJC4YFNDLQVIOBYQGUWVLA";

CommandLineResult read(const std::string& text) {
  const conf::Sources sources{
      .read_file = [&](const std::string& path) -> Result<std::string> {
        if (path == "s.conf") return text;
        return failure("open " + path + ": no such file or directory", ErrorCode::kNotFound);
      },
      .environment = [](const std::string&) -> std::optional<std::string> { return std::nullopt; },
  };
  return parse_command_line(std::vector<std::string>{"-c", "s.conf"}, sources);
}

Options options_of(const std::string& text) {
  CommandLineResult result = read(text);
  CHECK(result.err == "");
  REQUIRE(result.action == CommandLineResult::Action::kRun);
  return std::move(result.options);
}

TEST_CASE("a single user, or a token") {
  const auth::AuthConfig user =
      options_of("# first\nauthorization {user: a, password: b, timeout: 1.5}").auth;
  CHECK(user.single_user);
  REQUIRE(user.users.size() == 1);
  CHECK(user.users[0].user == "a");
  CHECK(user.users[0].password == "b");
  CHECK(user.users[0].place == "s.conf:2");
  CHECK(user.timeout == milliseconds(1500));
  CHECK(user.timeout_is_set);
  CHECK(user.required());
  const auth::AuthConfig token = options_of("authorization {token: t, proxy_required: true}").auth;
  CHECK(token.token == "t");
  CHECK(token.token_proxy_required);
  CHECK(token.users.empty());
  CHECK(token.timeout == seconds(2));
  CHECK(!options_of("authorization {password: b}").auth.required());
}

TEST_CASE("users, with defaults of permissions where they stand") {
  const auth::AuthConfig auth =
      options_of(std::string("authorization {\n default_permissions: {publish: d}\n users: [\n") +
                 "  {user: a, password: p, permissions: {subscribe: s}}\n" +
                 "  {nkey: " + kUserKey + ", connection_types: [standard, MQTT_WS]}\n ]}\n" +
                 "accounts {A {users: [{user: b, password: p, proxy_required: true}]}}\n" +
                 "no_auth_user: b\n")
          .auth;
  CHECK(!auth.single_user);
  REQUIRE(auth.users.size() == 3);
  const auth::UserConfig &first = auth.users[0], &second = auth.users[1], &third = auth.users[2];
  CHECK(first.place == "s.conf:4");
  REQUIRE(first.permissions);
  CHECK(!first.permissions->publish);
  CHECK(first.permissions->subscribe->allow[0].subject == "s");
  CHECK(second.nkey == kUserKey);
  CHECK(second.connection_types == (auth::kStandard | auth::kMqttWs));
  REQUIRE(second.permissions);
  CHECK(second.permissions->publish->allow[0].subject == "d");
  CHECK(third.account == "A");
  CHECK(third.proxy_required);
  CHECK(!third.permissions);
  CHECK(auth.no_auth_user == "b");
}

TEST_CASE("permissions") {
  const auto options = options_of(
      "authorization {users: [{user: a, password: p, permissions: {\n"
      "  pub: {allow: [\"a.>\",\n b], deny: c}\n"
      "  sub: \"d v.*\"\n"
      "  allow_responses: {max: -1, expires: \"5s\"}}}]}");
  const auth::PermissionsConfig& permissions = *options.auth.users[0].permissions;
  REQUIRE(permissions.publish->allow.size() == 2);
  CHECK(permissions.publish->allow[0].subject == "a.>");
  CHECK(permissions.publish->allow[0].place == "s.conf:2");
  CHECK(permissions.publish->allow[1].place == "s.conf:3");
  CHECK(permissions.publish->deny[0].subject == "c");
  CHECK(permissions.subscribe->allow[0].subject == "d");
  CHECK(permissions.subscribe->allow[0].queue == "v.*");
  CHECK(permissions.responses->max == -1);
  CHECK(permissions.responses->expires == seconds(5));
  const auto defaults = options_of(
      "authorization {users: [{user: a, password: p, permissions: {allow_responses: true}}]}");
  CHECK(*defaults.auth.users[0].permissions->responses == auth::ResponseRule{});
}

TEST_CASE("callouts and proxies") {
  const auth::AuthConfig auth =
      options_of(std::string("authorization {auth_callout {issuer: ") + kAccountKey +
                 ", auth_users: [a], allowed_accounts: [A, B]}}\naccounts: [A, B]\n" +
                 "proxies {trusted: [{key: " + kUserKey + "}]}")
          .auth;
  REQUIRE(auth.callout);
  CHECK(auth.callout->issuer == kAccountKey);
  CHECK(auth.callout->account == "$G");
  CHECK(auth.callout->auth_users == std::vector<std::string>{"a"});
  CHECK(auth.callout->allowed_accounts == std::vector<std::string>{"A", "B"});
  CHECK(auth.trusted_proxies == std::vector<std::string>{kUserKey});
}

TEST_CASE("accounts: exports, imports, limits, traces") {
  const Options options = options_of(
      "accounts {\n"
      " A {\n"
      "  limits {max_conn: 1, max_subs: 2, max_payload: 3, max_leafs: 4}\n"
      "  exports: [\n"
      "   {stream: \"s.*\", accounts: [B], account_token_position: 2}\n"
      "   {service: q, response: chunked, threshold: \"5s\", allow_trace: true,\n"
      "    latency: {sampling: \"30%\", subject: l}}\n"
      "   {service: r, latency: {sampling: headers, subject: l}} ]\n"
      "  msg_trace: {dest: t, sampling: 7}\n"
      " }\n"
      " B {\n"
      "  imports: [\n"
      "   {stream: {account: A, subject: \"s.B\"}, prefix: p, allow_trace: true}\n"
      "   {service: {account: A, subject: q}, to: w, share: true} ]\n"
      "  mappings {m: [{destination: x, weight: 20%}, {destination: y, weight: 30, cluster: c}]}\n"
      " }\n"
      "}\nmappings {a: b}\nsystem_account: A\n");
  CHECK(options.system_account == "A");
  REQUIRE(options.accounts.size() == 3);
  const broker::AccountConfig &a = options.accounts[0], &b = options.accounts[1];
  CHECK(a.name == "A");
  CHECK(a.limits == broker::AccountLimits{1, 2, 3, 4});
  REQUIRE(a.exports.size() == 3);
  CHECK(!a.exports[0].is_service);
  CHECK(a.exports[0].accounts == std::vector<std::string>{"B"});
  CHECK(a.exports[0].account_token_position == 2);
  CHECK(a.exports[1].is_service);
  CHECK(a.exports[1].response == broker::ResponseType::kChunked);
  CHECK(a.exports[1].threshold == seconds(5));
  CHECK(a.exports[1].allow_trace);
  CHECK(a.exports[1].latency->sampling == 30);
  CHECK(a.exports[2].latency->sampling == 0);
  CHECK(a.exports[2].threshold == minutes(2));
  CHECK(a.trace_destination == "t");
  CHECK(a.trace_sampling == 7);
  REQUIRE(b.imports.size() == 2);
  CHECK(b.imports[0].prefix == "p");
  CHECK(b.imports[0].allow_trace);
  CHECK(b.imports[1].is_service);
  CHECK(b.imports[1].to == "w");
  CHECK(b.imports[1].share);
  REQUIRE(b.mappings.size() == 1);
  CHECK(b.mappings[0].destinations[0] == broker::MappingDestination{"x", 20, ""});
  CHECK(b.mappings[0].destinations[1] == broker::MappingDestination{"y", 30, "c"});
  CHECK(options.accounts[2].name == "$G");
  CHECK(options.accounts[2].mappings[0].source == "a");
}

TEST_CASE("tls: values; with it, logging in may take longer") {
  const Options options = options_of(
      "tls {verify: true, timeout: 5, min_version: \"1.3\", handshake_first: \"300ms\",\n"
      "     cipher_suites: [TLS_AES_128_GCM_SHA256], curve_preferences: [X25519],\n"
      "     connection_rate_limit: 9, pinned_certs:\n"
      "     [\"A6F8B7A1EC7C1D8E0C4D43E3E4F2A8A6F8B7A1EC7C1D8E0C4D43E3E4F2A8AAAA\"]}\n"
      "allow_non_tls: true");
  REQUIRE(options.tls);
  CHECK(options.allow_non_tls);
  CHECK(options.tls->verify);
  CHECK(options.tls->timeout == seconds(5));
  CHECK(options.tls->min_version == "1.3");
  CHECK(options.tls->handshake_first);
  CHECK(options.tls->first_fallback == milliseconds(300));
  CHECK(options.tls->connection_rate_limit == 9);
  CHECK(options.tls->pinned_certs[0].starts_with("a6f8b7"));
  CHECK(options.auth.timeout == seconds(6));
  CHECK(options_of("tls {handshake_first: auto}").tls->first_fallback == milliseconds(50));
  CHECK(options_of("tls {}\nauthorization {timeout: 9}").auth.timeout == seconds(9));
}

TEST_CASE("resolvers") {
  using Kind = auth::ResolverConfig::Kind;
  const auto resolver = [](const std::string& text) { return *options_of(text).auth.resolver; };
  CHECK(resolver("resolver: memory").kind == Kind::kMemory);
  CHECK(resolver("resolver: {type: mem}").kind == Kind::kMemory);
  CHECK(resolver("resolver: URL(http://h/p/)").url == "http://h/p/");
  const auto full = resolver(
      "resolver: {type: FULL, dir: d, allow_delete: true, hard_delete: true, interval: \"5s\",\n"
      " limit: 7, timeout: \"2s\"}");
  CHECK(full.kind == Kind::kFull);
  CHECK(full.directory == "d");
  CHECK(full.allow_delete);
  CHECK(full.hard_delete);
  CHECK(full.interval == seconds(5));
  CHECK(full.limit == 7);
  CHECK(full.timeout == seconds(2));
  const auto cache = resolver("resolver: {type: cache, dir: d, ttl: \"1h\"}");
  CHECK(cache.kind == Kind::kCache);
  CHECK(cache.ttl == minutes(60));
}

TEST_CASE("what is unwise is warned of") {
  const auto notes = [](const char* text) { return read(text).notes; };
  const std::vector<std::string> plain{"Plaintext passwords detected, use nkeys or bcrypt"};
  CHECK(notes("authorization {user: a, password: b}") == plain);
  CHECK(notes("authorization {user: a, password: $2a$11$PWIFAL8RsWyGI3jVZtO9Nu8.6jOxzxfZo7c}")
            .empty());
  CHECK(notes("authorization {token: b}").empty());
}

}  // namespace
}  // namespace midge::server
