// Goal: AUTH-09..21, 28, 57: who is let in, who is refused and why, as nats-server decides.
// Method: one operator, account and user; each case changes one thing of them.
#include "auth/jwt/operator_authenticator.h"

#include <doctest/doctest.h>

#include <map>

#include "auth/jwt/key_fixture.h"
#include "codec/base64.h"

namespace midge::auth::jwt {
namespace {

using crypto::NkeyKind;
using crypto::NkeyPair;

const NkeyPair kOperator = test_key(NkeyKind::kOperator, 1);
const NkeyPair kOperatorSigner = test_key(NkeyKind::kOperator, 2);
const NkeyPair kStranger = test_key(NkeyKind::kOperator, 3);
const NkeyPair kAccount = test_key(NkeyKind::kAccount, 4);
const NkeyPair kSigner = test_key(NkeyKind::kAccount, 5);
const NkeyPair kRole = test_key(NkeyKind::kAccount, 6);
const NkeyPair kUser = test_key(NkeyKind::kUser, 7);

constexpr std::int64_t kNow = 1700000000;  // a Tuesday, 22:13:20 UTC
constexpr const char* kNonce = "the-nonce";

class Zones final : public ZoneSource {
 public:
  Result<TimeZone> find(std::string_view name) const override {
    if (name.empty() || name == "UTC") return TimeZone();
    return failure("unknown time zone");
  }
};

class Source final : public AccountSource {
 public:
  std::map<std::string, std::string, std::less<>> tokens;
  int fetches = 0;
  Result<std::string> fetch(std::string_view account) override {
    ++fetches;
    const auto found = tokens.find(account);
    if (found == tokens.end()) return failure("account missing", ErrorCode::kNotFound);
    return found->second;
  }
};

// Everything that leads to a login, good as it is.
struct Login {
  OperatorClaims operator_claims{.head = {.subject = kOperator.public_key},
                                 .signing_keys = {kOperatorSigner.public_key}};
  AccountClaims account{.head = {.name = "acc", .subject = kAccount.public_key, .issued_at = 1},
                        .limits = {.subs = -1,
                                   .data = -1,
                                   .payload = -1,
                                   .imports = -1,
                                   .exports = -1,
                                   .wildcards = true,
                                   .conn = -1,
                                   .leaf = -1}};
  UserClaims user{.head = {.name = "bob", .subject = kUser.public_key, .issued_at = 1000},
                  .rights = {.subs = -1, .data = -1, .payload = -1}};
  NkeyPair account_issuer = kOperator, user_issuer = kAccount;
  OperatorRules rules;
  std::string host = "127.0.0.1";
  std::string token = "made";  // of `user`, unless it is changed
  std::string signed_nonce = kNonce;
  bool signs = true;
  std::int64_t now = kNow;
  std::shared_ptr<Source> source = std::make_shared<Source>();
  std::shared_ptr<AccountStore> store;
  std::unique_ptr<OperatorAuthenticator> authenticator;
  Zones zones;

  Login() { account.signing_keys[kSigner.public_key] = std::nullopt; }

  LoginRequest request() {
    LoginRequest request;
    request.connect.jwt = token == "made" ? encode(user, user_issuer).value() : token;
    if (signs)
      request.connect.sig = codec::encode_base64(codec::Base64::kRawUrl,
                                                 crypto::sign(kUser.seed, signed_nonce).value());
    request.nonce = kNonce;
    request.remote_host = host;
    request.now = {now * 1000000000};
    return request;
  }

  void build() {
    const std::vector<std::string> operators{encode(operator_claims, kOperator).value()};
    source->tokens[account.head.subject] = encode(account, account_issuer).value();
    store = std::make_shared<AccountStore>(TrustedOperators::make(operators, {}, "2.15.2").value(),
                                           source);
    authenticator = std::make_unique<OperatorAuthenticator>(rules, store, zones);
  }

  Verdict decide() {
    if (!authenticator) build();
    return authenticator->decide(request());
  }
};

using Change = void (*)(Login&);

IdentityPtr accepted(Change change) {
  Login login;
  change(login);
  const Verdict verdict = login.decide();
  const auto* identity = std::get_if<IdentityPtr>(&verdict);
  CHECK_MESSAGE(identity != nullptr, (identity ? "" : std::get<Refused>(verdict).why));
  return identity ? *identity : std::make_shared<const Identity>();
}

// Checks that the reason contains `why`.
Refused refused(Change change, std::string_view why) {
  Login login;
  change(login);
  const Verdict verdict = login.decide();
  const auto* refusal = std::get_if<Refused>(&verdict);
  REQUIRE_MESSAGE(refusal != nullptr, why);
  CHECK_MESSAGE(refusal->why.find(why) != std::string::npos, refusal->why);
  CHECK(refusal->text == "Authorization Violation");
  return *refusal;
}

TEST_CASE("operator mode: [AUTH-09] the chain") {
  const IdentityPtr identity = accepted([](Login&) {});
  CHECK(identity->account == kAccount.public_key);
  CHECK(identity->user == kUser.public_key);
  CHECK(identity->name_tag == "acc");
  CHECK(identity->issuer_key == kAccount.public_key);
  CHECK(!identity->jwt.empty());
  CHECK(identity->permissions == nullptr);
  CHECK(identity->expires.ns == 0);
  accepted([](Login& l) { l.account_issuer = kOperatorSigner; });
  refused([](Login& l) { l.account_issuer = kStranger; }, "not signed by a trusted operator");
  refused([](Login& l) { l.account_issuer = kAccount; }, "not signed by a trusted operator");
  refused([](Login& l) { l.token = ""; }, "Authentication requires a user JWT");
  refused([](Login& l) { l.token = "a.b.c"; }, "Authentication requires a user JWT");
  refused([](Login& l) { l.signs = false; }, "Signature missing");
  refused([](Login& l) { l.signed_nonce = "another"; }, "Signature not verified");
  refused([](Login& l) { l.user_issuer = test_key(NkeyKind::kAccount, 99); }, "account missing");
}

TEST_CASE("operator mode: [AUTH-10] signing keys of accounts") {
  const IdentityPtr identity = accepted([](Login& l) {
    l.user_issuer = kSigner;
    l.user.issuer_account = kAccount.public_key;
  });
  CHECK(identity->account == kAccount.public_key);
  CHECK(identity->issuer_key == kSigner.public_key);
  refused([](Login& l) { l.user_issuer = kSigner; }, "account missing");
  refused(
      [](Login& l) {
        l.user_issuer = test_key(NkeyKind::kAccount, 99);
        l.user.issuer_account = kAccount.public_key;
      },
      "issuer is not known");
}

void give_role(Login& login) {
  UserScope scope{.key = kRole.public_key, .role = "r"};
  scope.rights = {.subs = 5, .data = -1, .payload = 77};
  scope.rights.permissions.pub.allow = {"a.{{name()}}"};
  login.account.signing_keys[kRole.public_key] = scope;
  login.user_issuer = kRole;
  login.user.issuer_account = kAccount.public_key;
  login.user.rights = {};
}

TEST_CASE("operator mode: [AUTH-11] scoped signing keys say what their users may do") {
  const IdentityPtr identity = accepted(give_role);
  REQUIRE(identity->permissions);
  CHECK(identity->permissions->may_publish("a.bob"));
  CHECK(!identity->permissions->may_publish("a.eve"));
  CHECK(identity->max_subscriptions == 5);
  CHECK(identity->max_payload == 77);
  refused(
      [](Login& l) {
        give_role(l);
        l.user.rights.subs = -1;
      },
      "scoped users require no permissions or limits set");
  refused(
      [](Login& l) {
        give_role(l);
        l.account.signing_keys[kRole.public_key]->rights.permissions.pub.allow = {"{{x()}}"};
      },
      "generated invalid permissions");
}

void set_window(Login& login, const char* start, const char* end) {
  login.user.rights.times = {{start, end}};
  login.user.rights.locale = "UTC";
}

TEST_CASE("operator mode: [AUTH-13] windows of time and networks") {
  const auto expires_in = [&](Change change) {
    return accepted(change)->expires.ns / 1000000000 - kNow;
  };
  // It is 22:13:20.
  CHECK(expires_in([](Login& l) { set_window(l, "22:00:00", "22:14:20"); }) == 60);
  CHECK(expires_in([](Login& l) { set_window(l, "22:00:00", "00:13:20"); }) == 7200);
  CHECK(expires_in([](Login& l) { set_window(l, "23:00:00", "22:13:30"); }) == 10);
  refused([](Login& l) { set_window(l, "22:14:00", "23:00:00"); }, "Outside connect times");
  refused([](Login& l) { set_window(l, "23:00:00", "22:00:00"); }, "Outside connect times");
  refused([](Login& l) { set_window(l, "7:00:00", "22:00:00"); },
          "start in time range is invalid \"7:00:00\"");
  refused([](Login& l) { l.user.rights.locale = "Nowhere"; }, "unknown time zone Nowhere");
  accepted([](Login& l) { l.user.rights.src = {"10.0.0.0/8", "127.0.0.0/8"}; });
  refused([](Login& l) { l.user.rights.src = {"10.0.0.0/8"}; }, "Bad src Ip 127.0.0.1");
  refused([](Login& l) { l.user.rights.src = {"10.0.0.0"}; }, "invalid cidr \"10.0.0.0\"");
}

TEST_CASE("operator mode: [AUTH-15] bearer tokens") {
  accepted([](Login& l) {
    l.user.rights.bearer_token = true;
    l.signs = false;
  });
  refused(
      [](Login& l) {
        l.user.rights.bearer_token = true;
        l.account.limits.disallow_bearer = true;
      },
      "does not allow bearer tokens");
}

TEST_CASE("operator mode: [AUTH-16] times of claims") {
  CHECK(accepted([](Login& l) { l.user.head.expires = kNow + 5; })->expires.ns ==
        (kNow + 5) * 1000000000);
  CHECK(accepted([](Login& l) {
          l.user.head.expires = kNow + 5;
          l.account.head.expires = kNow + 4;
        })->expires.ns == (kNow + 4) * 1000000000);
  const Refused expired =
      refused([](Login& l) { l.user.head.expires = kNow - 1; }, "claim is expired");
  CHECK(expired.reason == Refused::Reason::kExpired);
  refused([](Login& l) { l.user.head.not_before = kNow + 1; }, "claim is not yet valid");
  refused([](Login& l) { l.account.head.expires = kNow - 1; }, "claim is expired");
  refused([](Login& l) { l.account.head.not_before = kNow + 1; }, "claim is not yet valid");
  // A record that expires while it is known is asked for again.
  Login login;
  login.account.head.expires = kNow;
  CHECK(std::holds_alternative<IdentityPtr>(login.decide()));
  login.now = kNow + 1;
  CHECK(login.authenticator->is_slow(login.request()));
  CHECK(std::holds_alternative<Refused>(login.decide()));
  login.account.head.expires = kNow + 100;
  login.source->tokens[kAccount.public_key] = encode(login.account, kOperator).value();
  CHECK(std::holds_alternative<IdentityPtr>(login.decide()));
}

TEST_CASE("operator mode: [AUTH-17] revocations") {
  const Refused refusal = refused(
      [](Login& l) {
        l.account.revocations = {{kUser.public_key, 1000}};
      },
      "revoked");
  CHECK(refusal.reason == Refused::Reason::kRevoked);
  refused([](Login& l) { l.account.revocations = {{"*", 1001}}; }, "revoked");
  accepted([](Login& l) { l.account.revocations = {{"*", 999}, {kUser.public_key, 999}}; });
  // A new record counts at once, whatever is cached of the user.
  Login login;
  CHECK(std::holds_alternative<IdentityPtr>(login.decide()));
  login.account.revocations = {{"*", kNow}};
  login.store->put(
      login.store->check(encode(login.account, kOperator).value(), {kNow * 1000000000}).value());
  CHECK(std::holds_alternative<Refused>(login.decide()));
}

TEST_CASE("operator mode: [AUTH-19] connection types") {
  const auto allow = [](auto... names) { return std::vector<std::string>{names...}; };
  static const auto kAllowed = allow("FOO", "standard");
  accepted([](Login& l) { l.user.rights.connection_types = kAllowed; });
  refused([](Login& l) { l.user.rights.connection_types = {"WEBSOCKET"}; },
          "Connection type not allowed");
  refused([](Login& l) { l.user.rights.connection_types = {"FOO"}; },
          "invalid connection types [\"FOO\"]");
}

TEST_CASE("operator mode: [AUTH-20] strict use of signing keys, versions") {
  constexpr Change strict = [](Login& l) {
    l.operator_claims.strict_signing_key_usage = true;
    l.account_issuer = kOperatorSigner;
    l.user_issuer = kSigner;
    l.user.issuer_account = kAccount.public_key;
  };
  accepted(strict);
  refused([](Login& l) { strict(l), l.account_issuer = kOperator; }, "not signed by a trusted");
  refused([](Login& l) { strict(l), l.user_issuer = kAccount; }, "issuer is not known");

  const auto error_of = [](const char* version) {
    const OperatorClaims claims{.head = {.subject = "O"}, .assert_server_version = version};
    const std::vector<std::string> tokens{encode(claims, kOperator).value()};
    const auto made = TrustedOperators::make(tokens, {}, "2.15.2");
    return made ? std::string() : made.error().text();
  };
  CHECK(error_of("2.15.2").empty());
  CHECK(error_of("1.99.99").empty());
  CHECK(error_of("99.1.1") == "operator O expected major version 99 > server major version 2");
  CHECK(error_of("2.16.0") == "operator O expected minor version 16 > server minor version 15");
  CHECK(error_of("2.15.3") == "operator O expected update version 3 > server update version 2");
  CHECK(error_of("junk") ==
        "operator O expects version junk got error instead: asserted server version must be of the "
        "form <major>.<minor>.<update>");
}

TEST_CASE("operator mode: [AUTH-21] pinned accounts") {
  accepted([](Login& l) { l.rules.pinned_accounts = {kAccount.public_key}; });
  accepted([](Login& l) {
    l.rules.pinned_accounts = {"A"};
    l.rules.system_account = kAccount.public_key;
  });
  Login login;
  login.rules.pinned_accounts = {"A"};
  CHECK(std::holds_alternative<Refused>(login.decide()));
  CHECK(login.authenticator->pinned_account_fails() == 1);
  CHECK(login.source->fetches == 0);
}

TEST_CASE("operator mode: [AUTH-28] a sentinel stands in for a claim that is missing or none") {
  constexpr Change with_sentinel = [](Login& l) {
    UserClaims sentinel = l.user;
    sentinel.rights.bearer_token = true;
    sentinel.head.tags = {"sentinel"};
    l.rules.default_sentinel = encode(sentinel, kAccount).value();
    l.signs = false;
  };
  CHECK(accepted([](Login& l) { with_sentinel(l), l.token = ""; })->tags.size() == 1);
  CHECK(accepted([](Login& l) { with_sentinel(l), l.token = "x"; })->tags.size() == 1);
  refused(with_sentinel, "Signature missing");
}

TEST_CASE("operator mode: [AUTH-46] [AUTH-57] defaults and limits of the account") {
  const IdentityPtr identity = accepted([](Login& l) {
    l.account.default_permissions.pub.allow = {"d"};
    l.account.limits.payload = 10;
    l.user.rights.payload = 20;
  });
  REQUIRE(identity->permissions);
  CHECK(identity->permissions->may_publish("d"));
  CHECK(!identity->permissions->may_publish("e"));
  CHECK(identity->max_payload == 10);
  const IdentityPtr own = accepted([](Login& l) {
    l.account.default_permissions.pub.allow = {"d"};
    l.user.rights.permissions.sub.allow = {"q v"};
  });
  CHECK(own->permissions->may_publish("e"));
  CHECK(own->permissions->may_subscribe("q", "v") == Permissions::Subscribe::kAllowed);
  CHECK(own->permissions->may_subscribe("q", "w") == Permissions::Subscribe::kDenied);
}

TEST_CASE("operator mode: [AUTH-56] users that must come through a proxy") {
  const NkeyPair proxy = test_key(NkeyKind::kServer, 50);
  Login login;
  login.user.rights.proxy_required = true;
  login.rules.trusted_proxies = {proxy.public_key};
  login.build();
  LoginRequest request = login.request();
  const Verdict direct = login.authenticator->decide(request);
  REQUIRE(std::holds_alternative<Refused>(direct));
  CHECK(std::get<Refused>(direct).reason == Refused::Reason::kProxyRequired);
  request.connect.proxy_sig =
      codec::encode_base64(codec::Base64::kStd, crypto::sign(proxy.seed, kNonce).value());
  const Verdict through = login.authenticator->decide(request);
  REQUIRE(std::holds_alternative<IdentityPtr>(through));
  CHECK(std::get<IdentityPtr>(through)->proxy == proxy.public_key);
  request.nonce = "another";
  const Verdict false_proxy = login.authenticator->decide(request);
  CHECK(std::get<Refused>(false_proxy).reason == Refused::Reason::kProxyNotTrusted);
}

TEST_CASE("operator mode: what is known is neither fetched nor built again") {
  Login login;
  login.build();
  CHECK(login.authenticator->is_slow(login.request()));
  const auto first = std::get<IdentityPtr>(login.decide());
  CHECK(!login.authenticator->is_slow(login.request()));
  CHECK(std::get<IdentityPtr>(login.decide()) == first);
  CHECK(login.source->fetches == 1);
  // Asked again for a session that has proved who it is, nobody signs.
  login.signs = false;
  LoginRequest again = login.request();
  CHECK(std::holds_alternative<Refused>(login.authenticator->decide(again)));
  again.previous = first;
  CHECK(std::get<IdentityPtr>(login.authenticator->decide(again)) == first);
}

TEST_CASE("operator mode: accounts that make no sense are not taken in") {
  refused([](Login& l) { l.account.exports = {{.subject = "a..b"}}; }, "account validation failed");
  refused([](Login& l) { l.account.imports = {{.subject = "a"}}; }, "account to import from");
  refused(
      [](Login& l) {
        l.account.exports = {{.subject = "a.*", .is_service = true},
                             {.subject = "a.b", .is_service = true}};
      },
      "overlapping subject namespace");
  refused(
      [](Login& l) {
        l.account.mappings["a"] = {{"b", "", 60}, {"c", "", 60}};
      },
      "exceeds 100%");
  refused([](Login& l) { l.account.signing_keys["x"] = std::nullopt; },
          "not an account public key");
  refused([](Login& l) { l.account.head.subject = kSigner.public_key; }, "account missing");
}

}  // namespace
}  // namespace midge::auth::jwt
