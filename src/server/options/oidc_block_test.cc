// Goal: `authorization { oidc {} }` arrives in its struct, and what is wrong with it is told with
// its place. Method: small files, read as at start.
#include "server/options/oidc_block.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "server/options/command_line.h"

namespace midge::server {
namespace {

// RFC 8037, A.2
constexpr const char* kKeys =
    R"({"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]})";

CommandLineResult read(const std::string& text) {
  const conf::Sources sources{
      .read_file = [&](const std::string& path) -> Result<std::string> {
        if (path == "s.conf") return text;
        if (path == "keys.json") return kKeys;
        if (path == "empty.json") return "{}";
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

std::string block(const std::string& body, const std::string& beside = "") {
  return "authorization {\n" + beside + "\noidc {\n" + body + "\n}\n}\n";
}

const std::string kGood = "issuer: \"https://i\"\naudience: n\n";

TEST_CASE("oidc block: defaults, and all that it may say") {
  const auth::OidcConfig plain = *options_of(block(kGood)).auth.oidc;
  CHECK(plain.issuer == "https://i");
  CHECK(plain.audience == std::vector<std::string>{"n"});
  CHECK(plain.user_claim == "sub");
  CHECK(plain.account == "$G");
  CHECK(plain.leeway == seconds(30));
  CHECK(plain.place == "s.conf:3");
  const auth::OidcConfig full =
      *options_of(block("issuer: \"https://i\"\naudience: [n, m]\njwks_file: keys.json\n"
                        "account_claim: a.b\nuser_claim: email\nroles_claim: r\n"
                        "roles { reader: { subscribe: \"a.>\" }\n w: {} }\nleeway: \"0s\"\n"
                        "jwks_refresh: \"1h\"\njwks_retry: \"1m\"\n"))
           .auth.oidc;
  CHECK(full.jwks == kKeys);
  CHECK(full.account_claim == "a.b");
  CHECK(full.user_claim == "email");
  REQUIRE(full.roles.size() == 2);
  CHECK(full.roles[0].name == "reader");
  CHECK(full.roles[0].place == "s.conf:10");
  CHECK(full.roles[0].permissions.subscribe->allow[0].subject == "a.>");
  CHECK(full.leeway == Duration{});
  CHECK(full.jwks_refresh == minutes(60));
  CHECK(full.jwks_retry == minutes(1));
  CHECK(options_of(block(kGood)).auth.required());
}

TEST_CASE("oidc block: what is wrong with it, and where") {
  struct Row {
    std::string body, error;
  };
  const Row rows[] = {
      {"audience: n", "s.conf:3:1: oidc requires an issuer"},
      {"issuer: \"https://i\"", "s.conf:3:1: oidc requires an audience"},
      {"issuer: i\naudience: n", "s.conf:4:1: oidc issuer \"i\": unsupported protocol scheme \"\""},
      {"issuer: \"https://a:b@i\"\naudience: n",
       "s.conf:4:1: oidc issuer must not hold a name or password"},
      {kGood + "jwks_url: \"ftp://x\"",
       "s.conf:6:1: oidc jwks_url \"ftp://x\": unsupported protocol scheme \"ftp\""},
      {kGood + "jwks_url: \"https://x\"\njwks_file: keys.json",
       "s.conf:3:1: oidc can not have both jwks_file and jwks_url"},
      {kGood + "jwks_file: none.json",
       "s.conf:6:1: oidc jwks_file: open none.json: no such file or directory"},
      {kGood + "jwks_file: empty.json",
       "s.conf:6:1: oidc jwks_file \"empty.json\": not a JWK set: it has no array of keys"},
      {kGood + "ca_file: none.pem",
       "s.conf:6:1: oidc ca_file: open none.pem: no such file or directory"},
      {kGood + "account: A\naccount_claim: a",
       "s.conf:3:1: oidc can not have both account and account_claim"},
      {kGood + "permissions_claim: p\nroles_claim: r\nroles { a: {} }",
       "s.conf:3:1: oidc can not have both permissions_claim and roles_claim"},
      {kGood + "roles_claim: r", "s.conf:3:1: oidc requires roles_claim and roles together"},
      {kGood + "roles { a: {} }", "s.conf:3:1: oidc requires roles_claim and roles together"},
      {kGood + "leeway: \"2h\"", "s.conf:6:1: oidc leeway must be between 0s and 1h"},
      {kGood + "leeway: \"x\"", "s.conf:6:1: oidc leeway: time: invalid duration \"x\""},
      {kGood + "jwks_retry: \"0s\"", "s.conf:6:1: oidc jwks_retry must be more than zero"},
      {kGood + "audience: {}",
       "s.conf:6:1: oidc audience must be a string or an array of strings, is "},
      {kGood + "jwks_uri: \"https://x\"", "s.conf:6:1: unknown field \"jwks_uri\""},
  };
  for (const Row& row : rows) {
    const std::string err = read(block(row.body)).err;
    CHECK_MESSAGE(err.find(row.error) != std::string::npos, row.body << "\n" << err);
  }
}

TEST_CASE("oidc block: what it does not go together with") {
  const auto err = [](const std::string& text) { return read(text).err; };
  const std::string is_no_account = " is no account of the configuration that tokens may enter\n";
  CHECK(err(block(kGood)) == "");
  CHECK(err(block(kGood + "account: A") + "accounts { A {} }") == "");
  CHECK(err(block(kGood + "account: A")) == "nats-server: oidc account \"A\"" + is_no_account);
  CHECK(err(block(kGood + "account: S") + "accounts { S {} }\nsystem_account: S") ==
        "nats-server: oidc account \"S\"" + is_no_account);
  Options options = options_of(block(kGood));
  options.auth.trusted_keys = {"O"};
  CHECK(check_oidc(options).error().text() == "operators do not allow oidc to be configured");
  options.auth.trusted_keys.clear();
  options.auth.callout.emplace();
  CHECK(check_oidc(options).error().text() == "oidc can not be used together with auth_callout");
}

TEST_CASE("oidc block: accounts that tokens may enter") {
  const Options options =
      options_of("accounts { A {}, S {}, B {} }\nsystem_account: S\n" + block(kGood));
  CHECK(oidc_accounts(options) == std::vector<std::string>{"$G", "A", "B"});
}

}  // namespace
}  // namespace midge::server
