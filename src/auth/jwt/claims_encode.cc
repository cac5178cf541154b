#include "auth/jwt/claims.h"
#include "auth/jwt/claims_json.h"

namespace midge::auth::jwt {
namespace {

using codec::JsonWriter;

std::string claims_text(const Head& head, std::string_view body) {
  JsonWriter json;
  json.begin_object();
  write_head(json, head);
  json.key("nats").raw(body).end_object();
  return json.take();
}

template <class Claims>
Result<std::string> encode_any(const Claims& claims, const crypto::NkeyPair& issuer) {
  JsonWriter body;
  write_body(body, claims);
  return encode_claims(claims.head, body.text(), issuer);
}

}  // namespace

Result<std::string> encode_claims(Head head, std::string_view body,
                                  const crypto::NkeyPair& issuer) {
  head.issuer = issuer.public_key;
  head.id.clear();
  head.id = claims_id(claims_text(head, body));
  return seal_token(claims_text(head, body), issuer.seed);
}

Result<std::string> encode(const OperatorClaims& claims, const crypto::NkeyPair& issuer) {
  return encode_any(claims, issuer);
}

Result<std::string> encode(const AccountClaims& claims, const crypto::NkeyPair& issuer) {
  return encode_any(claims, issuer);
}

Result<std::string> encode(const UserClaims& claims, const crypto::NkeyPair& issuer) {
  return encode_any(claims, issuer);
}

Result<std::string> encode(const ActivationClaims& claims, const crypto::NkeyPair& issuer) {
  return encode_any(claims, issuer);
}

Result<std::string> encode(const AuthorizationResponse& claims, const crypto::NkeyPair& issuer) {
  return encode_any(claims, issuer);
}

}  // namespace midge::auth::jwt
