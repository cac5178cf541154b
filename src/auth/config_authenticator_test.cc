// Who gets in, and who does not and why: requests against configurations, as nats-server decided
// them.
#include "auth/config_authenticator.h"

#include <array>
#include <string>

#include <doctest/doctest.h>

#include "codec/base64.h"
#include "crypto/bcrypt.h"
#include "crypto/nkey.h"

namespace midge::auth {
namespace {

// "pw"
const std::string kHash = "$2b$04$FHUT0EGGfhE54FZPrfZNyeUtCqYPbLBQYy0h0rspe7A/t3tco3/JO";
const std::string kNonce = "UzItg4W9WgonsIY";

crypto::NkeyPair make_pair(unsigned char seed) {
  std::array<unsigned char, 32> entropy{};
  entropy.fill(seed);
  return crypto::make_nkey(crypto::NkeyKind::kUser, entropy);
}

std::string sign(const crypto::NkeyPair& pair, codec::Base64 alphabet = codec::Base64::kRawUrl,
                 const std::string& nonce = kNonce) {
  return codec::encode_base64(alphabet, *crypto::sign(pair.seed, nonce));
}

UserConfig user(const std::string& name, const std::string& password) {
  UserConfig config;
  config.user = name;
  config.password = password;
  config.place = "server.conf:3";
  return config;
}

AuthConfig with_users(std::vector<UserConfig> users) {
  AuthConfig config;
  config.users = std::move(users);
  return config;
}

LoginRequest login(const std::string& name, const std::string& password) {
  LoginRequest request;
  request.connect.user = name;
  request.connect.pass = password;
  request.nonce = kNonce;
  return request;
}

LoginRequest by_token(const std::string& token) {
  LoginRequest request = login("", "");
  request.connect.auth_token = token;
  return request;
}

LoginRequest by_nkey(const std::string& key, const std::string& signature) {
  LoginRequest request = login("", "");
  request.connect.nkey = key;
  request.connect.sig = signature;
  return request;
}

// The user's name, or `- why`.
std::string decide(const AuthConfig& config, const LoginRequest& request, bool map = false) {
  const Verdict verdict = ConfigAuthenticator(config, map).decide(request);
  if (const auto* refused = std::get_if<Refused>(&verdict)) return "- " + refused->why;
  return std::get<IdentityPtr>(verdict)->user;
}

TEST_CASE("[AUTH-02] [AUTH-04] users and passwords") {
  const AuthConfig config = with_users({user("a", "x"), user("b", ""), user("c", kHash)});
  CHECK(decide(config, login("a", "x")) == "a");
  CHECK(decide(config, login("b", "")) == "b");
  CHECK(decide(config, login("c", "pw")) == "c");
  CHECK(decide(config, login("a", "y")) == "- user \"a\" (server.conf:3): the password is wrong");
  CHECK(decide(config, login("a", "")) == "- user \"a\" (server.conf:3): the password is wrong");
  CHECK(decide(config, login("c", kHash)) == "- user \"c\" (server.conf:3): the password is wrong");
  CHECK(decide(config, login("d", "x")) == "- no user has this name");
  CHECK(decide(config, login("", "x")) == "- CONNECT names no user, and there is no no_auth_user");
  CHECK(decide(config, by_token("x")) == "- CONNECT names no user, and there is no no_auth_user");
  // No user has an nkey: the client's is not looked at.
  LoginRequest with_nkey = login("a", "x");
  with_nkey.connect.nkey = make_pair(1).public_key;
  CHECK(decide(config, with_nkey) == "a");
}

TEST_CASE("no refusal tells a secret") {
  const AuthConfig config = with_users({user("a", "hunter2"), user("c", kHash)});
  for (const char* name : {"a", "c", "zz", ""}) {
    const std::string why = decide(config, login(name, "guess-me"));
    CHECK(why.find("hunter2") == std::string::npos);
    CHECK(why.find("guess-me") == std::string::npos);
    CHECK(why.find("$2b$") == std::string::npos);
  }
}

TEST_CASE("[AUTH-03] a token, plain and hashed") {
  AuthConfig config;
  config.token = "tk";
  CHECK(decide(config, by_token("tk")) == "");
  CHECK(decide(config, by_token("no")) == "- the token is wrong");
  CHECK(decide(config, login("tk", "")) == "- CONNECT has no token");
  LoginRequest both = by_token("tk");
  both.connect.user = "x";
  CHECK(decide(config, both) == "");
  config.token = kHash;
  CHECK(decide(config, by_token("pw")) == "");
  CHECK(decide(config, by_token(kHash)) == "- the token is wrong");
}

TEST_CASE("[AUTH-05] only a hash that has to be computed is slow") {
  AuthConfig config = with_users({user("a", "x"), user("c", kHash)});
  const ConfigAuthenticator users(config, false);
  for (const char* name : {"a", "c", "nobody"}) CHECK(users.is_slow(login(name, "x")));
  // A reload asks again: the same hash was checked already, another one was not.
  LoginRequest again = login("c", "pw");
  again.previous = std::get<IdentityPtr>(users.decide(again));
  CHECK_FALSE(users.is_slow(again));
  again.connect.pass = "not looked at";
  CHECK(std::holds_alternative<IdentityPtr>(users.decide(again)));
  config.users[1].password[kHash.size() - 1] = 'P';
  const ConfigAuthenticator changed(config, false);
  CHECK(changed.is_slow(again));
  CHECK(std::holds_alternative<Refused>(changed.decide(again)));
  AuthConfig token;
  token.token = kHash;
  CHECK(ConfigAuthenticator(token, false).is_slow(by_token("x")));
}

TEST_CASE("logins: the time to an answer does not tell who is a user") {
  const AuthConfig config = with_users({user("c", kHash), user("d", kHash)});
  const ConfigAuthenticator users(config, false);
  LoginRequest nobody = login("nobody", "pw");  // the decoy's password lets nobody in
  CHECK(users.is_slow(nobody));
  const Verdict verdict = users.decide(nobody);
  REQUIRE(std::holds_alternative<Refused>(verdict));
  CHECK(std::get<Refused>(verdict).unknown_user);
  CHECK(std::get<Refused>(verdict).text == std::get<Refused>(users.decide(login("c", "x"))).text);
  // Nor is one whose password is not hashed, or at another cost.
  std::string dear = kHash;
  dear.replace(4, 2, "06");
  AuthConfig mixed = with_users({user("a", "x"), user("b", dear), user("c", kHash)});
  for (const char* name : {"a", "b", "c"})
    CHECK(ConfigAuthenticator(mixed, false).is_slow(login(name, "wrong")));
  // All take as long as the dearest hash.
  for (const char* name : {"a", "b", "c", "nobody"}) {
    const std::uint64_t before = crypto::bcrypt_rounds();
    (void)ConfigAuthenticator(mixed, false).decide(login(name, "wrong"));
    CHECK_MESSAGE(crypto::bcrypt_rounds() - before == 1U << 6, name);
  }
  // A user who may not come this way is not found out by that either.
  AuthConfig typed = config;
  typed.users[0].connection_types = kInProcess;
  CHECK(ConfigAuthenticator(typed, false).is_slow(login("c", "x")));
  // Sessions whose user a reload has removed have nothing to find out.
  nobody.previous = std::get<IdentityPtr>(users.decide(login("c", "pw")));
  CHECK_FALSE(users.is_slow(nobody));
  // Where no password is hashed there is nothing to take the time of.
  CHECK_FALSE(ConfigAuthenticator(with_users({user("a", "pw")}), false).is_slow(login("b", "x")));
}

TEST_CASE("[AUTH-06] [AUTH-08] nkeys sign the nonce, in either alphabet") {
  const auto pair = make_pair(1), other = make_pair(2);
  UserConfig nkey_user;
  nkey_user.nkey = pair.public_key;
  const AuthConfig config = with_users({nkey_user, user("a", "x")});
  const ConfigAuthenticator authenticator(config, false);
  CHECK(authenticator.wants_nonce());
  CHECK_FALSE(authenticator.is_slow(by_nkey(pair.public_key, "")));

  const std::string padded = sign(pair, codec::Base64::kStd);
  const std::string told = "- nkey " + pair.public_key + ": ";
  CHECK(decide(config, by_nkey(pair.public_key, sign(pair))) == pair.public_key);
  CHECK(decide(config, by_nkey(pair.public_key, padded)) == pair.public_key);
  CHECK(decide(config, by_nkey(pair.public_key, sign(pair) + "==")) ==
        told + "the signature is not valid base64");
  CHECK(decide(config, by_nkey(pair.public_key, "x")) ==
        told + "the signature is not valid base64");
  CHECK(decide(config, by_nkey(pair.public_key, "")) == told + "the signature is missing");
  CHECK(decide(config, by_nkey(pair.public_key, sign(other))) ==
        told + "the signature is not of this nonce and nkey");
  CHECK(decide(config,
               by_nkey(pair.public_key, sign(pair, codec::Base64::kRawUrl, "another nonce 1"))) ==
        told + "the signature is not of this nonce and nkey");
  CHECK(decide(config, by_nkey(other.public_key, sign(other))) == "- no user has this nkey");
  CHECK(decide(config, login("a", "x")) == "a");
  // The nkey decides where both are given, and is no user's name.
  LoginRequest both = login("a", "x");
  both.connect.nkey = pair.public_key;
  CHECK(decide(config, both) == told + "the signature is missing");
  CHECK(decide(config, login(pair.public_key, "")) == "- no user has this name");
}

TEST_CASE("[AUTH-29] no_auth_user is for those who name nobody") {
  AuthConfig config = with_users({user("a", "x"), user("b", "y")});
  config.no_auth_user = "b";
  CHECK_FALSE(ConfigAuthenticator(config, false).required());
  CHECK(decide(config, login("", "")) == "b");
  CHECK(decide(config, login("a", "x")) == "a");
  CHECK(decide(config, login("zz", "")) == "- no user has this name");
  CHECK(decide(config, login("", "y"))[0] == '-');
  CHECK(decide(config, by_token("y"))[0] == '-');
  LoginRequest odd = login("", "");
  odd.connect.sig = odd.connect.jwt = "x";
  odd.connect.nkey = make_pair(1).public_key;
  CHECK(decide(config, odd) == "b");

  const auto pair = make_pair(1);
  UserConfig nkey_user;
  nkey_user.nkey = pair.public_key;
  config.users.push_back(nkey_user);
  config.no_auth_user = pair.public_key;
  CHECK(decide(config, login("", "")) == pair.public_key);
  CHECK(decide(config, by_nkey(pair.public_key, "")) == pair.public_key);
  CHECK(decide(config, odd) == pair.public_key);
}

TEST_CASE("[AUTH-19] connection types") {
  UserConfig restricted = user("a", "x");
  restricted.connection_types = kWebsocket | kMqtt;
  AuthConfig config = with_users({restricted});
  CHECK(decide(config, login("a", "x")) ==
        "- user \"a\" (server.conf:3): allowed_connection_types has not the type of this "
        "connection");
  LoginRequest request = login("a", "x");
  request.connection_type = kMqtt;
  CHECK(decide(config, request) == "a");
  config.no_auth_user = "a";
  CHECK(decide(config, login("", ""))[0] == '-');
}

TEST_CASE("[AUTH-34] the first name of the certificate that is a user's wins") {
  const AuthConfig config = with_users({user("a@x", "secret"), user("CN=b", "")});
  LoginRequest request = login("a@x", "");
  CHECK(decide(config, request, true) == "- no certificate (verify_and_map)");
  request.tls.names = {"unknown", "CN=b", "a@x"};
  CHECK(decide(config, request, true) == "CN=b");
  request.tls.names = {"unknown", "b"};
  CHECK(decide(config, request, true) ==
        "- no user has a name of the certificate (verify_and_map): \"unknown\" \"b\"");
}

TEST_CASE("[AUTH-34] a password is asked for beside the certificate") {
  AuthConfig config = with_users({user("a", ""), user("b", "pw"), user("c", kHash)});
  const auto by = [&](const char* certificate, const char* password) {
    LoginRequest request = login("whoever", password);
    request.tls.names = {certificate};
    return decide(config, request, true);
  };
  CHECK(by("a", "") == "a");
  CHECK(by("a", "x") == "- user \"a\" (server.conf:3): the password is wrong");
  CHECK(by("b", "pw") == "b");
  CHECK(by("b", "") == "- user \"b\" (server.conf:3): the password is wrong");
  CHECK(by("c", "pw") == "c");
  CHECK(by("c", "x") == "- user \"c\" (server.conf:3): the password is wrong");
  LoginRequest hashed = login("", "pw");
  hashed.tls.names = {"c"};
  CHECK(ConfigAuthenticator(config, true).is_slow(hashed));
}

TEST_CASE("[AUTH-34] who is no user of an array comes as ever where certificates are mapped") {
  AuthConfig token;
  token.token = "tk";
  CHECK(decide(token, by_token("tk"), true) == "");
  AuthConfig single = with_users({user("a", "pw")});
  single.single_user = true;
  CHECK(decide(single, login("a", "pw"), true) == "a");
  const auto pair = make_pair(1);
  UserConfig nkey_user;
  nkey_user.nkey = pair.public_key;
  const AuthConfig nkeys = with_users({nkey_user, user("a", "")});
  CHECK(decide(nkeys, by_nkey(pair.public_key, sign(pair)), true) == pair.public_key);
}

TEST_CASE("[AUTH-34] a name in certificates is none to be called where they are not mapped") {
  AuthConfig config = with_users({user("a", ""), user("b", "pw"), user("c", "")});
  CHECK(decide(config, login("a", "")) == "a");
  config.mapping_connections = kStandard;
  CHECK(decide(config, login("a", "")) ==
        "- user \"a\" (server.conf:3): it has no password, and comes by a certificate");
  CHECK(decide(config, login("b", "pw")) == "b");
  config.users[2].connection_types = kWebsocket;
  LoginRequest by_web_socket = login("c", "");
  by_web_socket.connection_type = kWebsocket;
  CHECK(decide(config, by_web_socket) == "c");  // never mapped: its listener does not
  config.no_auth_user = "a";
  CHECK(decide(config, login("", "")) == "a");
  CHECK(decide(config, login("a", "")) == "a");
}

TEST_CASE("[AUTH-34] users who may not come this way are passed over") {
  AuthConfig config = with_users({user("a", ""), user("b", "")});
  config.users[0].connection_types = kMqtt;
  LoginRequest request = login("", "");
  request.tls.names = {"a", "b"};
  CHECK(decide(config, request, true) == "b");
}

TEST_CASE("[AUTH-34] a subject's parts may come in any order, but the certificate's is better") {
  const auto decided = [](std::vector<std::string> users) {
    AuthConfig config;
    for (const std::string& name : users) config.users.push_back(user(name, ""));
    LoginRequest request = login("", "");
    request.tls.names = {"a@x", "CN=alice,OU=b+OU=a,O=Midge", "CN=alice,O=Midge"};
    request.tls.subject = "CN=alice,OU=b+OU=a,O=Midge";
    return decide(config, request, true);
  };
  CHECK(decided({"O=Midge, CN=alice, ou=a+ou=b"}) == "O=Midge, CN=alice, ou=a+ou=b");
  CHECK(decided({"O=Midge,CN=alice,OU=a+OU=b", "CN=alice, OU=a+OU=b, O=Midge"}) ==
        "CN=alice, OU=a+OU=b, O=Midge");
  CHECK(decided({"O=Midge,OU=b+OU=a,CN=alice", "a@x"}) == "a@x");
  // Only the subject is compared by parts.
  CHECK(decided({"O=Midge,CN=alice"})[0] == '-');
}

TEST_CASE("[AUTH-55] [AUTH-56] trusted proxies") {
  const auto proxy = make_pair(7), stranger = make_pair(8);
  UserConfig behind = user("a", "x");
  behind.proxy_required = true;
  AuthConfig config = with_users({behind, user("b", "y")});
  config.trusted_proxies = {make_pair(9).public_key, proxy.public_key};
  const ConfigAuthenticator authenticator(config, false);
  CHECK(authenticator.wants_nonce());

  LoginRequest request = login("a", "x");
  request.connect.proxy_sig = sign(proxy);
  const Verdict verdict = authenticator.decide(request);
  REQUIRE(std::holds_alternative<IdentityPtr>(verdict));
  CHECK(std::get<IdentityPtr>(verdict)->proxy == proxy.public_key);

  const auto reason = [&](const LoginRequest& asked) {
    const Verdict answer = authenticator.decide(asked);
    return std::get<Refused>(answer).reason;
  };
  CHECK(reason(login("a", "x")) == Refused::Reason::kProxyRequired);
  CHECK(reason(login("a", "wrong")) == Refused::Reason::kProxyRequired);
  request.connect.proxy_sig = sign(stranger);
  CHECK(reason(request) == Refused::Reason::kProxyNotTrusted);
  request.connect.user = "b";
  CHECK(reason(request) == Refused::Reason::kProxyNotTrusted);
  CHECK(decide(config, login("b", "y")) == "b");

  AuthConfig alone;
  alone.trusted_proxies = {proxy.public_key};
  CHECK_FALSE(ConfigAuthenticator(alone, false).required());
  CHECK(decide(alone, login("whoever", "")) == "whoever");
  CHECK(decide(alone, request)[0] == '-');

  AuthConfig token;
  token.token = "tk";
  token.token_proxy_required = true;
  CHECK(decide(token, by_token("tk")) == "- token: proxy connection required");
}

TEST_CASE("[CONF-121] a reload tells users that are gone from those that changed") {
  const ConfigAuthenticator users(with_users({user("a", "x")}), false);
  const auto unknown = [](const Authenticator& authenticator, const LoginRequest& request) {
    const Verdict verdict = authenticator.decide(request);
    return std::get<Refused>(verdict).unknown_user;
  };
  CHECK(unknown(users, login("b", "x")));
  CHECK_FALSE(unknown(users, login("a", "y")));
  CHECK_FALSE(unknown(users, login("", "")));
  // The single user is in no list of users.
  AuthConfig single = with_users({user("a", "x")});
  single.single_user = true;
  CHECK(unknown(ConfigAuthenticator(single, false), login("a", "y")));
}

TEST_CASE("[AUTH-42] permissions and account come with the user") {
  UserConfig config = user("a", "x");
  config.account = "A";
  config.permissions.emplace().publish = SubjectRules{{{"x", ""}}, {}};
  const Verdict verdict = ConfigAuthenticator(with_users({config}), false).decide(login("a", "x"));
  const auto& identity = std::get<IdentityPtr>(verdict);
  CHECK(identity->account == "A");
  REQUIRE(identity->permissions != nullptr);
  CHECK_FALSE(identity->permissions->may_publish("y"));
}

}  // namespace
}  // namespace midge::auth
