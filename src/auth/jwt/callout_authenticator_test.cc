// Goal: AUTH-50..54: whom a service is asked about, what it is told of each kind of connection, and
// what an answer is worth when it comes and after a reload. Every single check of an answer is
// tested with whole servers (tests/server/test_auth_callout*.py).
// Method: questions are decoded and answered with the keys of a service.
#include "auth/jwt/callout_authenticator.h"

#include <doctest/doctest.h>

#include "auth/jwt/authorization_request.h"
#include "auth/jwt/config_callout.h"
#include "auth/jwt/key_fixture.h"
#include "crypto/xkey.h"

namespace midge::auth::jwt {
namespace {

using crypto::NkeyKind;
using crypto::NkeyPair;

const NkeyPair kIssuer = test_key(NkeyKind::kAccount, 1);
const NkeyPair kServer = test_key(NkeyKind::kServer, 2);
const NkeyPair kServerCurve = test_key(NkeyKind::kCurve, 3);
const NkeyPair kServiceCurve = test_key(NkeyKind::kCurve, 4);

constexpr std::int64_t kNow = 1700000000;
constexpr WallTime kNowWall{kNow * 1000000000};

class Zones final : public ZoneSource {
 public:
  Result<TimeZone> find(std::string_view) const override { return TimeZone(); }
};
const Zones kZones;

UserConfig user(const char* name, const char* account) {
  UserConfig config;
  config.user = name;
  config.password = "pw";
  config.account = account;
  return config;
}

AuthConfig configuration() {
  AuthConfig config;
  config.users = {user("auth", "AUTH"), user("plain", "AUTH"), user("app", "APP")};
  config.callout = CalloutConfig{kIssuer.public_key, "AUTH", {"auth"}, "", {}};
  return config;
}

std::shared_ptr<const ConfigCallout> callout(const AuthConfig& config,
                                             std::vector<std::string> accounts = {"AUTH", "APP"}) {
  auto server = std::make_shared<CalloutServer>();
  server->name = "here";
  server->key = kServer;
  server->xkey = kServerCurve;
  server->timeout = seconds(2);
  return std::make_shared<const ConfigCallout>(config, false, std::move(accounts),
                                               std::move(server), kZones);
}

LoginRequest login(const char* name) {
  LoginRequest request;
  request.connect.user = name;
  request.connect.pass = "pw";
  request.nonce = "nonce";
  request.cid = 7;
  request.now = kNowWall;
  request.remote_host = "127.0.0.1";
  request.entropy.fill(9);
  return request;
}

InquiryPtr inquiry(const Authenticator& logins, const LoginRequest& request) {
  const Verdict verdict = logins.decide(request);
  const auto* asked = std::get_if<InquiryPtr>(&verdict);
  return asked == nullptr ? nullptr : *asked;
}

AuthorizationRequest question(const InquiryPtr& inquiry) {
  REQUIRE(inquiry);
  return decode_authorization_request(inquiry->payload()).value();
}

std::string answer(const AuthorizationRequest& asked, UserClaims user) {
  user.head.subject = asked.user_nkey;
  AuthorizationResponse response;
  response.head.subject = asked.user_nkey;
  response.head.audience = asked.server.id;
  response.jwt = encode(std::move(user), kIssuer).value();
  return encode(std::move(response), kIssuer).value();
}

UserClaims user_of(const char* account) {
  return {.head = {.audience = account, .name = "given"},
          .rights = {.subs = 5, .data = -1, .payload = 0}};
}

IdentityPtr granted(const Authenticator& logins, const LoginRequest& request,
                    const UserClaims& user) {
  const InquiryPtr asked = inquiry(logins, request);
  const Verdict verdict = asked->judge(answer(question(asked), user), kNowWall);
  const auto* identity = std::get_if<IdentityPtr>(&verdict);
  return identity == nullptr ? nullptr : *identity;
}

TEST_CASE("callout: [AUTH-50] whom the service is asked about") {
  AuthConfig config = configuration();
  CHECK(inquiry(*callout(config), login("stranger")));
  CHECK(inquiry(*callout(config), login("app")));
  CHECK(inquiry(*callout(config), login("plain")));
  CHECK_FALSE(inquiry(*callout(config), login("auth")));
  config.callout->allowed_accounts = {"APP"};
  CHECK(inquiry(*callout(config), login("app")));
  CHECK_FALSE(inquiry(*callout(config), login("plain")));
  LoginRequest wrong = login("plain");
  wrong.connect.pass = "no";
  CHECK(inquiry(*callout(config), wrong));
  LoginRequest silent = login("");
  silent.connect.pass = "";
  CHECK(inquiry(*callout(config), silent));
  silent.by_connect = false;
  CHECK_FALSE(inquiry(*callout(config), silent));
}

TEST_CASE("callout: [AUTH-50] what is slow: all that signs") {
  const auto logins = callout(configuration());
  CHECK(logins->is_slow(login("app")));
  CHECK_FALSE(logins->is_slow(login("auth")));
  LoginRequest again = login("app");
  again.previous = granted(*logins, again, user_of("APP"));
  CHECK_FALSE(logins->is_slow(again));
}

TEST_CASE("callout: [AUTH-54] the kinds and types of connections") {
  const struct {
    std::uint32_t connection;
    const char* kind;
    const char* type;
  } kTable[] = {
      {kStandard, "Client", "nats"},       {kInProcess, "Client", "nats"},
      {kWebsocket, "Client", "websocket"}, {kMqtt, "Client", "mqtt"},
      {kMqttWs, "Client", "mqtt"},         {kLeafnode, "Leafnode", ""},
      {kLeafnodeWs, "Leafnode", ""},
  };
  for (const auto& row : kTable) {
    LoginRequest request = login("x");
    request.connection_type = row.connection;
    request.mqtt_id = "m";
    const AuthorizationRequest asked = question(inquiry(*callout(configuration()), request));
    CHECK(asked.client.kind == row.kind);
    CHECK(asked.client.type == row.type);
    CHECK(asked.client.mqtt_id == "m");
  }
}

TEST_CASE("callout: [AUTH-52] the nonce is told to whom it was told") {
  AuthConfig config = configuration();
  LoginRequest request = login("x");
  request.connect.sig = "s";
  CHECK(question(inquiry(*callout(config), request)).client.nonce.empty());
  UserConfig by_key;
  by_key.nkey = test_key(NkeyKind::kUser, 5).public_key;
  config.users.push_back(by_key);
  CHECK(question(inquiry(*callout(config), request)).client.nonce == "nonce");
}

TEST_CASE("callout: [AUTH-53] who the client is by the answer") {
  UserClaims user = user_of("APP");
  user.rights.permissions.pub.allow = {"a"};
  const IdentityPtr identity = granted(*callout(configuration()), login("x"), user);
  REQUIRE(identity);
  CHECK(identity->account == "APP");
  CHECK(identity->user == "given");
  CHECK(identity->permissions->may_publish("a"));
  CHECK_FALSE(identity->permissions->may_publish("b"));
  CHECK(identity->max_subscriptions == 5);
  CHECK(identity->max_payload == -1);  // not said
  // Whoever is put beside the service may not ask.
  const IdentityPtr beside = granted(*callout(configuration()), login("x"), user_of("AUTH"));
  CHECK(beside->permissions->may_publish("a"));
  CHECK_FALSE(beside->permissions->may_publish(kCalloutSubject));
}

TEST_CASE("callout: [AUTH-52] two logins have nothing in common") {
  const auto logins = callout(configuration());
  LoginRequest other = login("x");
  other.entropy.fill(10);
  const InquiryPtr first = inquiry(*logins, login("x"));
  const InquiryPtr second = inquiry(*logins, other);
  CHECK(question(first).user_nkey != question(second).user_nkey);
  const Verdict verdict = second->judge(answer(question(first), user_of("APP")), kNowWall);
  CHECK(std::holds_alternative<Refused>(verdict));
}

TEST_CASE("callout: [AUTH-52] sealed both ways") {
  AuthConfig config = configuration();
  config.callout->xkey = kServiceCurve.public_key;
  const auto logins = callout(config);
  const InquiryPtr asked = inquiry(*logins, login("x"));
  CHECK(asked->headers() ==
        "NATS/1.0\r\nNats-Server-Xkey: " + kServerCurve.public_key + "\r\n\r\n");
  const std::string opened =
      crypto::open_box(asked->payload(), kServiceCurve.seed, kServerCurve.public_key).value();
  const AuthorizationRequest request = decode_authorization_request(opened).value();
  const std::string sealed = crypto::seal_box(answer(request, user_of("APP")), kServiceCurve.seed,
                                              kServerCurve.public_key, {})
                                 .value();
  CHECK(std::holds_alternative<IdentityPtr>(asked->judge(sealed, kNowWall)));
  CHECK(std::holds_alternative<Refused>(asked->judge(sealed.substr(1), kNowWall)));
}

TEST_CASE("callout: [AUTH-50] a reload judges a session by the answer it came with") {
  UserClaims user = user_of("APP");
  user.head.expires = kNow + 10;
  LoginRequest again = login("x");
  again.previous = granted(*callout(configuration()), again, user);
  REQUIRE(again.previous);
  Verdict verdict = callout(configuration())->decide(again);
  REQUIRE(std::holds_alternative<IdentityPtr>(verdict));
  CHECK(std::get<IdentityPtr>(verdict)->user == "given");
  CHECK(std::get<IdentityPtr>(verdict)->expires.ns == (kNow + 10) * 1000000000);
  // Its account is gone.
  CHECK(std::holds_alternative<Refused>(callout(configuration(), {"AUTH"})->decide(again)));
  // Its time is over.
  again.now = again.now + seconds(11);
  verdict = callout(configuration())->decide(again);
  CHECK(std::get<Refused>(verdict).text == "User Authentication Expired");
}

}  // namespace
}  // namespace midge::auth::jwt
