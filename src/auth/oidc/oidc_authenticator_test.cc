// Goal: which tokens are judged here and which by others, that a key on its way makes the question
// wait, and that what was proved is not proved again. Method: a token signed with RFC 8032's first
// secret key by libsodium (through an nkey), and a source of keys that counts.
#include "auth/oidc/oidc_authenticator.h"

#include <doctest/doctest.h>

#include "auth/config_authenticator.h"
#include "codec/base64.h"
#include "crypto/base32.h"
#include "crypto/nkey.h"

namespace midge::auth::oidc {
namespace {

constexpr WallTime kNow{1'000'000'000'000};  // second 1000

std::string encode(std::string_view text) {
  return codec::encode_base64(codec::Base64::kRawUrl, text);
}

const crypto::NkeyPair& pair() {
  static const crypto::NkeyPair made = [] {
    std::array<unsigned char, 32> seed{};
    seed.fill(7);
    return crypto::make_nkey(crypto::NkeyKind::kUser, seed);
  }();
  return made;
}

std::string token(const std::string& claims) {
  const std::string text = encode(R"({"alg":"EdDSA","kid":"k"})") + "." + encode(claims);
  return text + "." + encode(*crypto::sign(pair().seed, text));
}

// The key inside an nkey's text: after the prefix byte, before the checksum.
JwkSetPtr keys() {
  const std::string raw = crypto::decode_base32(pair().public_key)->substr(1, 32);
  return *read_jwk_set(R"({"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":")" + encode(raw) +
                       "\"}]}");
}

class Keys final : public KeySource {
 public:
  KeyAnswer answer;
  int asked = 0;
  KeyAnswer find(std::string_view, const crypto::SignatureAlgorithm&) override {
    ++asked;
    return answer;
  }
};

struct Fixture {
  OidcConfig config;
  std::shared_ptr<Keys> source = std::make_shared<Keys>();
  AuthenticatorPtr others;
  LoginRequest request;

  Fixture() {
    config.issuer = "https://i";
    config.audience = {"a"};
    config.place = "f:1";
    source->answer.keys = keys();
    request.now = kNow;
    request.connect.auth_token = token(R"({"iss":"https://i","aud":"a","sub":"ann","exp":2000})");
  }
  [[nodiscard]] OidcAuthenticator make() const {
    return {config, OidcSurroundings{{"$G"}, std::nullopt, {}}, source, others};
  }
  std::string decide() {
    const Verdict verdict = make().decide(request);
    if (const auto* refused = std::get_if<Refused>(&verdict)) return refused->why;
    if (std::holds_alternative<AskLater>(verdict)) return "later";
    return "in as " + std::get<IdentityPtr>(verdict)->user;
  }
};

TEST_CASE("oidc: a token of the issuer lets in until it expires") {
  Fixture f;
  const Verdict verdict = f.make().decide(f.request);
  const auto* identity = std::get_if<IdentityPtr>(&verdict);
  REQUIRE(identity != nullptr);
  CHECK((*identity)->user == "ann");
  CHECK((*identity)->account == "$G");
  CHECK((*identity)->expires.ns == (2000 + 30) * 1'000'000'000LL);
  CHECK((*identity)->rule == "oidc (f:1)");
  CHECK((*identity)->jwt.empty());
  CHECK(f.make().is_slow(f.request));
  CHECK(f.make().required());
}

TEST_CASE("oidc: jwt comes before auth_token, if it looks like a token") {
  Fixture f;
  f.request.connect.jwt = "no token";
  CHECK(f.decide() == "in as ann");
  f.request.connect.jwt = token(R"({"iss":"https://i","aud":"a","sub":"bob","exp":2000})");
  CHECK(f.decide() == "in as bob");
}

TEST_CASE("oidc: keys that are on their way, and keys that are not") {
  Fixture f;
  f.source->answer = {nullptr, true, ""};
  CHECK(f.decide() == "later");
  f.source->answer = {nullptr, false, "no such key"};
  CHECK(f.decide() == "oidc: no such key");
}

TEST_CASE("oidc: what was proved is not proved again, but its claims are asked again") {
  Fixture f;
  const Verdict first = f.make().decide(f.request);
  f.request.previous = std::get<IdentityPtr>(first);
  CHECK(f.source->asked == 1);
  CHECK(f.decide() == "in as ann");
  CHECK(f.source->asked == 1);
  f.config.audience = {"b"};
  CHECK(f.decide() == "oidc: aud is \"a\", expected \"b\"");
  f.config.audience = {"a"};
  f.request.now = WallTime{3000 * 1'000'000'000LL};
  CHECK(f.decide() == "oidc: the token has expired: exp is 2000, now is 3000");
  f.request.now = kNow;
  f.config.jwks_url = "https://elsewhere";
  CHECK(f.decide() == "in as ann");
  CHECK(f.source->asked == 2);
  // Another token of the same bearer proves nothing by the first.
  f.request.connect.auth_token += "x";
  CHECK(f.decide().starts_with("oidc: "));
}

TEST_CASE("oidc: what is not the issuer's is for others") {
  Fixture f;
  f.request.connect.auth_token = token(R"({"iss":"https://j"})");
  CHECK(f.decide() == "oidc: iss is \"https://j\", expected \"https://i\"");
  AuthConfig with_token;
  with_token.token = f.request.connect.auth_token;
  f.others = std::make_shared<ConfigAuthenticator>(with_token, false);
  CHECK(f.decide() == "in as ");
  f.request.connect.auth_token = token(R"({"iss":"https://k"})");
  CHECK(f.decide() == "the token is wrong; oidc: iss is \"https://k\", expected \"https://i\"");
  f.request.connect.auth_token = "secret";
  CHECK(f.decide() == "the token is wrong");
  CHECK_FALSE(f.make().is_slow(f.request));
  CHECK(f.source->asked == 0);
}

}  // namespace
}  // namespace midge::auth::oidc
