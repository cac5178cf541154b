#include "auth/oidc/jws.h"

#include <optional>
#include <utility>

#include "codec/base64.h"
#include "codec/go_quoted.h"

namespace midge::auth::oidc {
namespace {

using codec::JsonValue;

struct Parts {
  std::string_view header, claims, signature, signed_text;
};

std::unexpected<Error> invalid(std::string text) {
  return failure(std::move(text), ErrorCode::kInvalid);
}

std::optional<Parts> split(std::string_view text) {
  const std::size_t first = text.find('.');
  const std::size_t second = first == text.npos ? text.npos : text.find('.', first + 1);
  if (second == text.npos || text.find('.', second + 1) != text.npos) return std::nullopt;
  return Parts{text.substr(0, first), text.substr(first + 1, second - first - 1),
               text.substr(second + 1), text.substr(0, second)};
}

// One text per value, and no line ends: RFC 7515 has neither.
std::optional<std::string> decode(std::string_view text) {
  if (text.find_first_of("\r\n") != text.npos) return std::nullopt;
  return codec::decode_base64(codec::Base64::kRawUrl, text, codec::SpareBits::kMustBeZero);
}

Result<JsonValue> decode_object(std::string_view part, const char* what) {
  const std::optional<std::string> json = decode(part);
  if (!json) return invalid(std::string("the token's ") + what + " is not base64url");
  auto tree = codec::read_json_tree(*json);
  if (!tree) return std::unexpected(tree.error().within(std::string("the token's ") + what));
  if (tree->type != JsonValue::Type::kObject)
    return invalid(std::string("the token's ") + what + " is not an object");
  return tree;
}

std::string shown(std::string_view text) {
  constexpr std::size_t kShownMax = 64;
  return codec::go_quoted(text.substr(0, kShownMax));
}

Result<void> read_header(const JsonValue& header, Jws& jws) {
  const JsonValue* algorithm = find_member(header, "alg");
  if (algorithm == nullptr || algorithm->type != JsonValue::Type::kString)
    return invalid("the token's header has no alg");
  jws.algorithm = crypto::find_signature_algorithm(algorithm->text);
  if (jws.algorithm == nullptr)
    return invalid("alg " + shown(algorithm->text) + " is not accepted");
  // Whoever sets it demands that what it lists is understood, and we understand none.
  if (find_member(header, "crit") != nullptr) return invalid("the token's header has crit");
  if (const JsonValue* key_id = find_member(header, "kid")) {
    if (key_id->type != JsonValue::Type::kString) return invalid("kid is not a string");
    jws.key_id = key_id->text;
  }
  return {};
}

Result<Parts> parts_of(std::string_view token) {
  if (token.size() > kTokenMax)
    return invalid("the token has more than " + std::to_string(kTokenMax) + " bytes");
  const std::optional<Parts> parts = split(token);
  if (!parts) return invalid("the token is no JWS: it has not three parts");
  return *parts;
}

}  // namespace

bool looks_like_jws(std::string_view text) {
  // A header is an object, which begins with a brace: `{"` or `{` and a blank.
  return text.starts_with("ey") && split(text);
}

Result<JsonValue> read_claims(std::string_view token) {
  ASSIGN_OR_RETURN(const Parts parts, parts_of(token));
  return decode_object(parts.claims, "claims");
}

Result<Jws> read_jws(std::string_view token) {
  ASSIGN_OR_RETURN(const Parts parts, parts_of(token));
  Jws jws;
  ASSIGN_OR_RETURN(const JsonValue header, decode_object(parts.header, "header"));
  TRY(read_header(header, jws));
  ASSIGN_OR_RETURN(jws.claims, decode_object(parts.claims, "claims"));
  auto signature = decode(parts.signature);
  if (!signature) return invalid("the token's signature is not base64url");
  jws.signature = std::move(*signature);
  jws.signed_text = parts.signed_text;
  return jws;
}

const JsonValue* find_member(const JsonValue& object, std::string_view name) {
  const JsonValue* found = nullptr;
  for (const codec::JsonMember& member : object.members)
    if (member.name == name) found = &member.value;
  return found == nullptr || found->type == JsonValue::Type::kNull ? nullptr : found;
}

const JsonValue* find_claim(const JsonValue& claims, std::string_view path) {
  // Names may hold dots themselves: `https://example.com/roles`.
  if (const JsonValue* whole = find_member(claims, path)) return whole;
  const std::size_t dot = path.find('.');
  if (dot == path.npos) return nullptr;
  const JsonValue* outer = find_member(claims, path.substr(0, dot));
  return outer == nullptr ? nullptr : find_claim(*outer, path.substr(dot + 1));
}

}  // namespace midge::auth::oidc
