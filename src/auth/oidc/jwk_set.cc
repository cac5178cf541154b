#include "auth/oidc/jwk_set.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "auth/oidc/jws.h"
#include "codec/base64.h"
#include "codec/go_quoted.h"
#include "codec/json_tree.h"

namespace midge::auth::oidc {
namespace {

using codec::JsonValue;
using crypto::KeyKind;
using crypto::PublicKey;

// An issuer has a handful.
constexpr std::size_t kKeysMax = 100;

std::unexpected<Error> invalid(std::string text) {
  return failure(std::move(text), ErrorCode::kInvalid);
}

std::string text_of(const JsonValue& key, std::string_view name) {
  const JsonValue* value = find_member(key, name);
  return value != nullptr && value->type == JsonValue::Type::kString ? value->text : "";
}

Result<std::string> bytes_of(const JsonValue& key, const char* name) {
  auto bytes = codec::decode_base64(codec::Base64::kRawUrl, text_of(key, name));
  if (!bytes || bytes->empty()) return invalid(std::string(name) + " is missing or not base64url");
  return std::move(*bytes);
}

Result<PublicKey> read_rsa(const JsonValue& key) {
  ASSIGN_OR_RETURN(const std::string modulus, bytes_of(key, "n"));
  ASSIGN_OR_RETURN(const std::string exponent, bytes_of(key, "e"));
  return PublicKey::rsa(modulus, exponent);
}

Result<PublicKey> read_elliptic(const JsonValue& key) {
  struct Named {
    std::string_view name;
    KeyKind kind;
  };
  constexpr std::array<Named, 3> kCurves = {
      {{"P-256", KeyKind::kP256}, {"P-384", KeyKind::kP384}, {"P-521", KeyKind::kP521}}};
  const std::string name = text_of(key, "crv");
  const auto* const curve = std::ranges::find(kCurves, name, &Named::name);
  if (curve == kCurves.end()) return invalid("curve " + codec::go_quoted(name) + " is not known");
  ASSIGN_OR_RETURN(const std::string x, bytes_of(key, "x"));
  ASSIGN_OR_RETURN(const std::string y, bytes_of(key, "y"));
  return PublicKey::elliptic(curve->kind, x, y);
}

Result<PublicKey> read_octet_pair(const JsonValue& key) {
  const std::string name = text_of(key, "crv");
  if (name != "Ed25519") return invalid("curve " + codec::go_quoted(name) + " is not known");
  ASSIGN_OR_RETURN(const std::string x, bytes_of(key, "x"));
  return PublicKey::ed25519(x);
}

Result<PublicKey> read_key(const JsonValue& key) {
  const std::string type = text_of(key, "kty");
  if (type == "RSA") return read_rsa(key);
  if (type == "EC") return read_elliptic(key);
  if (type == "OKP") return read_octet_pair(key);
  return invalid("kty " + codec::go_quoted(type) + " is not known");
}

// Why it does not check signatures, whatever it is.
std::optional<std::string> other_use(const JsonValue& key) {
  if (const std::string use = text_of(key, "use"); !use.empty() && use != "sig")
    return "use is " + codec::go_quoted(use);
  const JsonValue* operations = find_member(key, "key_ops");
  if (operations == nullptr) return std::nullopt;
  for (const JsonValue& operation : operations->items)
    if (operation.text == "verify") return std::nullopt;
  return "key_ops has no verify";
}

Result<Jwk> read_jwk(const JsonValue& value) {
  if (value.type != JsonValue::Type::kObject) return invalid("not an object");
  if (const auto why = other_use(value)) return invalid(*why);
  ASSIGN_OR_RETURN(PublicKey key, read_key(value));
  return Jwk{text_of(value, "kid"), text_of(value, "alg"), std::move(key)};
}

}  // namespace

bool Jwk::is_for(const crypto::SignatureAlgorithm& wanted) const {
  return key.kind() == wanted.key && (algorithm.empty() || algorithm == wanted.name);
}

std::vector<const Jwk*> JwkSet::find(std::string_view id,
                                     const crypto::SignatureAlgorithm& algorithm) const {
  std::vector<const Jwk*> found;
  for (const Jwk& key : keys)
    if ((id.empty() || key.id == id) && key.is_for(algorithm)) found.push_back(&key);
  return found;
}

Result<JwkSetPtr> read_jwk_set(std::string_view json) {
  ASSIGN_OR_RETURN(const JsonValue document, codec::read_json_tree(json));
  const JsonValue* keys = find_member(document, "keys");
  if (keys == nullptr || keys->type != JsonValue::Type::kArray)
    return invalid("not a JWK set: it has no array of keys");
  if (keys->items.size() > kKeysMax)
    return invalid("a JWK set of more than " + std::to_string(kKeysMax) + " keys");
  auto set = std::make_shared<JwkSet>();
  for (const JsonValue& item : keys->items) {
    auto key = read_jwk(item);
    if (key)
      set->keys.push_back(std::move(*key));
    else
      set->left_out.push_back("key " + codec::go_quoted(text_of(item, "kid")) + ": " +
                              key.error().text());
  }
  if (set->keys.empty()) {
    return invalid("none of its keys can be used" +
                   (set->left_out.empty() ? "" : ": " + set->left_out.front()));
  }
  return set;
}

}  // namespace midge::auth::oidc
