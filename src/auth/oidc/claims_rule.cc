#include "auth/oidc/claims_rule.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

#include "auth/oidc/jws.h"
#include "codec/go_quoted.h"

namespace midge::auth::oidc {
namespace {

using codec::JsonValue;
using Type = JsonValue::Type;

constexpr std::size_t kShownMax = 128;
constexpr double kSecondsMax = 9e9;  // beyond the year 2200: as if it were never

std::unexpected<Error> refusal(std::string text) {
  return failure(std::move(text), ErrorCode::kInvalid);
}

// Seconds since 1970, which may have a fraction.
std::optional<WallTime> time_of(const JsonValue& value) {
  if (value.type != Type::kNumber) return std::nullopt;
  double number = 0;
  const char* end = value.text.data() + value.text.size();
  const auto [stop, error] = std::from_chars(value.text.data(), end, number);
  if (error != std::errc() || stop != end || !std::isfinite(number)) return std::nullopt;
  return WallTime{static_cast<std::int64_t>(std::clamp(number, 0.0, kSecondsMax)) * 1'000'000'000};
}

// A time that the token need not say. Errors: it says something else.
Result<std::optional<WallTime>> read_time(const JsonValue& claims, const char* name) {
  const JsonValue* value = find_member(claims, name);
  if (value == nullptr) return std::nullopt;
  const std::optional<WallTime> time = time_of(*value);
  if (!time) return refusal(std::string(name) + " is " + shown_claim(value) + ", not a time");
  return time;
}

std::string seconds_text(WallTime time) { return std::to_string(time.ns / 1'000'000'000); }

Result<void> check_begin(const JsonValue& claims, const char* name, const OidcConfig& config,
                         WallTime now) {
  ASSIGN_OR_RETURN(const auto begin, read_time(claims, name));
  if (!begin || *begin <= now + config.leeway) return {};
  return refusal(std::string("the token is not valid yet: ") + name + " is " +
                 seconds_text(*begin) + ", now is " + seconds_text(now));
}

bool is_one_of(const JsonValue& value, const std::vector<std::string>& wanted) {
  return value.type == Type::kString && std::ranges::find(wanted, value.text) != wanted.end();
}

Result<void> check_audience(const JsonValue& claims, const OidcConfig& config) {
  const JsonValue* audience = find_member(claims, "aud");
  if (audience != nullptr) {
    if (is_one_of(*audience, config.audience)) return {};
    for (const JsonValue& item : audience->items)
      if (is_one_of(item, config.audience)) return {};
  }
  std::string wanted;
  for (const std::string& name : config.audience)
    wanted += (wanted.empty() ? "" : " or ") + codec::go_quoted(name);
  return refusal("aud is " + shown_claim(audience) + ", expected " + wanted);
}

Result<std::string> read_name(const JsonValue& claims, const std::string& path) {
  const JsonValue* value = find_claim(claims, path);
  const auto is_control = [](unsigned char letter) { return letter < ' ' || letter == 0x7f; };
  if (value != nullptr && value->type == Type::kString && !value->text.empty() &&
      std::ranges::none_of(value->text, is_control))
    return value->text;
  return refusal(path + " is " + shown_claim(value) + ", expected a name");
}

}  // namespace

std::string shown_claim(const JsonValue* value) {
  if (value == nullptr) return "missing";
  switch (value->type) {
    case Type::kString:
      if (value->text.size() > kShownMax)
        return codec::go_quoted(std::string_view(value->text).substr(0, kShownMax)) + "…";
      return codec::go_quoted(value->text);
    case Type::kNumber:
      return value->text.substr(0, kShownMax);
    case Type::kBool:
      return value->truth ? "true" : "false";
    case Type::kNull:
      return "null";
    case Type::kObject:
      return "an object";
    case Type::kArray:
      break;
  }
  std::string list = "[";
  for (const JsonValue& item : value->items) {
    if (list.size() > kShownMax) return list + ", …]";
    const bool is_plain = item.type != Type::kArray && item.type != Type::kObject;
    list += (list.size() > 1 ? ", " : "") + (is_plain ? shown_claim(&item) : "…");
  }
  return list + "]";
}

Result<void> check_issuer(const JsonValue& claims, const OidcConfig& config) {
  const JsonValue* issuer = find_member(claims, "iss");
  if (issuer != nullptr && issuer->type == Type::kString && issuer->text == config.issuer)
    return {};
  return refusal("iss is " + shown_claim(issuer) + ", expected " + codec::go_quoted(config.issuer));
}

Result<WallTime> check_claims(const JsonValue& claims, const OidcConfig& config, WallTime now) {
  TRY(check_issuer(claims, config));
  TRY(check_audience(claims, config));
  ASSIGN_OR_RETURN(const auto expires, read_time(claims, "exp"));
  // Without an end a stolen token would be good for ever.
  if (!expires) return refusal("exp is missing");
  const WallTime end = *expires + config.leeway;
  if (end <= now) {
    return refusal("the token has expired: exp is " + seconds_text(*expires) + ", now is " +
                   seconds_text(now));
  }
  TRY(check_begin(claims, "nbf", config, now));
  TRY(check_begin(claims, "iat", config, now));
  return end;
}

Result<Bearer> read_bearer(const JsonValue& claims, const OidcConfig& config) {
  Bearer bearer{config.account, {}};
  if (!config.account_claim.empty()) {
    ASSIGN_OR_RETURN(bearer.account, read_name(claims, config.account_claim));
  }
  ASSIGN_OR_RETURN(bearer.user, read_name(claims, config.user_claim));
  return bearer;
}

}  // namespace midge::auth::oidc
