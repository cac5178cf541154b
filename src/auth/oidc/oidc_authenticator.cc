#include "auth/oidc/oidc_authenticator.h"

#include <algorithm>
#include <utility>

#include "auth/oidc/claimed_rights.h"
#include "auth/oidc/claims_rule.h"
#include "auth/signature.h"
#include "codec/go_quoted.h"
#include "crypto/sha256.h"

namespace midge::auth::oidc {
namespace {

// How long after a question about a key that is being fetched it is asked again.
constexpr Duration kPatience = milliseconds(20);

// What may be a token of an issuer; null if nothing may.
const std::string* token_of(const proto::ConnectOptions& connect) {
  for (const std::string* text : {&connect.jwt, &connect.auth_token})
    if (looks_like_jws(*text)) return text;
  return nullptr;
}

Refused refused_token(std::string why) { return refused("oidc: " + std::move(why)); }

}  // namespace

OidcAuthenticator::OidcAuthenticator(OidcConfig config, OidcSurroundings surroundings,
                                     KeySourcePtr keys, AuthenticatorPtr others)
    : config_(std::move(config)),
      surroundings_(std::move(surroundings)),
      keys_(std::move(keys)),
      others_(std::move(others)),
      proof_salt_(config_.issuer + '\n' + config_.jwks + '\n' + config_.jwks_url + '\n' +
                  config_.ca_file + '\n') {}

bool OidcAuthenticator::required() const { return !others_ || others_->required(); }

bool OidcAuthenticator::wants_nonce() const { return others_ && others_->wants_nonce(); }

bool OidcAuthenticator::is_slow(const LoginRequest& request) const {
  return token_of(request.connect) != nullptr || (others_ && others_->is_slow(request));
}

Verdict OidcAuthenticator::decide(const LoginRequest& request) const {
  const std::string* token = token_of(request.connect);
  if (token == nullptr) return decide_others(request, "CONNECT has no token");
  // Tokens of others are none of its business: a server's own token may look like one.
  const auto claims = read_claims(*token);
  if (!claims) return decide_others(request, claims.error().text());
  if (const auto is_ours = check_issuer(*claims, config_); !is_ours)
    return decide_others(request, is_ours.error().text());
  return decide_token(request, *token);
}

Verdict OidcAuthenticator::decide_others(const LoginRequest& request,
                                         const std::string& why) const {
  if (!others_) return refused_token(why);
  Verdict verdict = others_->decide(request);
  auto* refusal = std::get_if<Refused>(&verdict);
  if (refusal != nullptr && token_of(request.connect) != nullptr) refusal->why += "; oidc: " + why;
  return verdict;
}

Verdict OidcAuthenticator::decide_token(const LoginRequest& request,
                                        const std::string& token) const {
  ProxyProof proxy = prove_proxy(request, surroundings_.trusted_proxies);
  if (proxy.refusal) return std::move(*proxy.refusal);
  const auto jws = read_jws(token);
  if (!jws) return refused_token(jws.error().text());
  const std::string proof = crypto::sha256_hex(proof_salt_ + token);
  const bool is_proved = request.previous && request.previous->proof == proof;
  if (!is_proved)
    if (auto verdict = check_signature(*jws)) return std::move(*verdict);
  auto identity = identify(jws->claims, request.now, proof);
  if (!identity) return refused_token(identity.error().text());
  if (proxy.proxy.empty()) return std::move(*identity);
  Identity proxied = **identity;
  proxied.proxy = proxy.proxy;
  return std::make_shared<const Identity>(std::move(proxied));
}

std::optional<Verdict> OidcAuthenticator::check_signature(const Jws& jws) const {
  const KeyAnswer answer = keys_->find(jws.key_id, *jws.algorithm);
  if (answer.is_pending) return AskLater{kPatience};
  if (!answer.keys) return refused_token(answer.why);
  for (const Jwk* key : answer.keys->find(jws.key_id, *jws.algorithm))
    if (key->key.verify(*jws.algorithm, jws.signed_text, jws.signature)) return std::nullopt;
  return refused_token("the signature is not of the issuer's key" +
                       (jws.key_id.empty() ? "" : " " + codec::go_quoted(jws.key_id)));
}

Result<IdentityPtr> OidcAuthenticator::identify(const codec::JsonValue& claims, WallTime now,
                                                const std::string& proof) const {
  ASSIGN_OR_RETURN(const WallTime expires, check_claims(claims, config_, now));
  ASSIGN_OR_RETURN(const Bearer bearer, read_bearer(claims, config_));
  if (std::ranges::find(surroundings_.accounts, bearer.account) == surroundings_.accounts.end()) {
    const std::string& source = config_.account_claim;
    return failure((source.empty() ? "account" : source) + " is " +
                   codec::go_quoted(bearer.account) +
                   ", which is no account of the configuration that tokens may enter");
  }
  ASSIGN_OR_RETURN(const auto rights,
                   read_rights(claims, config_, surroundings_.default_permissions));
  Identity identity;
  identity.account = bearer.account;
  identity.name_tag = bearer.account;
  identity.user = bearer.user;
  if (rights) identity.permissions = Permissions::compile(*rights);
  identity.expires = expires;
  identity.rule = "oidc (" + config_.place + ")";
  identity.proof = proof;
  return std::make_shared<const Identity>(std::move(identity));
}

}  // namespace midge::auth::oidc
