// Goal: no token, claims or JWK set of an issuer crash what reads them, and a token that is read
// has an algorithm with a public key and a signed text that is its front. Input: a letter, and
// behind it: t a token, c claims, otherwise a JWK set.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "auth/oidc/claimed_rights.h"
#include "auth/oidc/claims_rule.h"
#include "auth/oidc/jwk_set.h"
#include "auth/oidc/jws.h"

namespace {

using namespace midge;
using namespace midge::auth;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

const OidcConfig& config() {
  static const OidcConfig kConfig = [] {
    OidcConfig made;
    made.issuer = "https://i";
    made.audience = {"a"};
    made.account_claim = "o.t";
    made.permissions_claim = "p";
    return made;
  }();
  return kConfig;
}

const OidcConfig& roles() {
  static const OidcConfig kConfig = [] {
    OidcConfig made;
    made.roles_claim = "r";
    made.roles = {{"reader", {}, ""}};
    return made;
  }();
  return kConfig;
}

void try_claims(const codec::JsonValue& claims) {
  const auto end = oidc::check_claims(claims, config(), WallTime{1'000'000'000'000});
  require(!end || end->ns > 1'000'000'000'000, "a session ends before it begins");
  if (const auto bearer = oidc::read_bearer(claims, config()))
    require(!bearer->account.empty() && !bearer->user.empty(), "a bearer without a name");
  (void)oidc::read_rights(claims, config(), std::nullopt);
  (void)oidc::read_rights(claims, roles(), std::nullopt);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] == 't') {
    (void)oidc::looks_like_jws(text);
    const auto jws = oidc::read_jws(text);
    if (!jws) return 0;
    require(jws->algorithm != nullptr, "a token without an algorithm");
    require(text.starts_with(jws->signed_text), "another text is signed than was read");
    require(oidc::read_claims(text).has_value(), "its claims can not be read alone");
    try_claims(jws->claims);
  } else if (data[0] == 'c') {
    if (const auto claims = codec::read_json_tree(text)) try_claims(*claims);
  } else if (const auto keys = oidc::read_jwk_set(text)) {
    const auto& algorithm = *crypto::find_signature_algorithm("ES256");
    for (const oidc::Jwk* key : (*keys)->find("", algorithm))
      require(!key->key.verify(algorithm, "text", std::string(64, 's')), "a signature of nobody");
  }
  return 0;
}
