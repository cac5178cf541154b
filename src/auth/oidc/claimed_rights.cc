#include "auth/oidc/claimed_rights.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/oidc/claims_rule.h"
#include "auth/oidc/jws.h"
#include "codec/go_quoted.h"
#include "subject/subject.h"

namespace midge::auth::oidc {
namespace {

using codec::JsonValue;
using Type = JsonValue::Type;

std::unexpected<Error> refusal(std::string text) {
  return failure(std::move(text), ErrorCode::kInvalid);
}

// ---- roles

// An array of names, or names with blanks between as in `scope`. Errors: neither.
Result<std::vector<std::string>> read_names(const JsonValue& value) {
  std::vector<std::string> names;
  if (value.type == Type::kArray) {
    for (const JsonValue& item : value.items)
      if (item.type == Type::kString) names.push_back(item.text);
    return names;
  }
  if (value.type != Type::kString) return refusal("not a list of names");
  std::string_view rest = value.text;
  while (!rest.empty()) {
    const std::size_t blank = std::min(rest.find(' '), rest.size());
    if (blank > 0) names.emplace_back(rest.substr(0, blank));
    rest.remove_prefix(std::min(blank + 1, rest.size()));
  }
  return names;
}

Result<PermissionsConfig> read_roles(const JsonValue& claims, const OidcConfig& config) {
  const JsonValue* value = find_claim(claims, config.roles_claim);
  std::vector<const OidcRole*> found;
  if (value != nullptr) {
    auto names = read_names(*value);
    if (!names) return std::unexpected(names.error().within(config.roles_claim));
    for (const OidcRole& role : config.roles)
      if (std::ranges::find(*names, role.name) != names->end()) found.push_back(&role);
  }
  if (!found.empty()) return united(found);
  return refusal(config.roles_claim + " is " + shown_claim(value) +
                 ", which names none of the roles of the configuration");
}

void add(std::optional<SubjectRules>& sum, const std::optional<SubjectRules>& rules) {
  if (!rules) return;
  if (!sum) sum.emplace();
  sum->allow.insert(sum->allow.end(), rules->allow.begin(), rules->allow.end());
  sum->deny.insert(sum->deny.end(), rules->deny.begin(), rules->deny.end());
}

// Below zero is without limit.
template <class Number>
Number larger(Number a, Number b, Number zero) {
  if (a < zero || b < zero) return a < zero ? a : b;
  return std::max(a, b);
}

// ---- a claim that says it

Result<void> read_subjects(const JsonValue& value, std::vector<SubjectRule>& rules) {
  if (value.type == Type::kArray) {
    for (const JsonValue& item : value.items) {
      if (item.type != Type::kString) return refusal(shown_claim(&item) + " is not a subject");
      TRY(read_subjects(item, rules));
    }
    return {};
  }
  if (value.type != Type::kString)
    return refusal(shown_claim(&value) + " is neither a subject nor a list of them");
  if (!subject::is_valid(value.text)) return refusal(shown_claim(&value) + " is not a subject");
  rules.push_back({value.text, ""});
  return {};
}

// A subject, a list of them, or `{allow, deny}` of either.
Result<SubjectRules> read_side(const JsonValue& value) {
  SubjectRules rules;
  if (value.type != Type::kObject) {
    TRY(read_subjects(value, rules.allow));
    // Nobody who writes an empty list wants everything allowed.
    if (rules.allow.empty()) rules.deny.push_back({">", ""});
    return rules;
  }
  for (const codec::JsonMember& member : value.members) {
    if (member.name == "allow")
      TRY(read_subjects(member.value, rules.allow));
    else if (member.name == "deny")
      TRY(read_subjects(member.value, rules.deny));
    else
      return refusal(codec::go_quoted(member.name) + " is neither allow nor deny");
  }
  if (find_member(value, "allow") != nullptr && rules.allow.empty())
    rules.deny.push_back({">", ""});
  return rules;
}

Result<PermissionsConfig> read_sides(const JsonValue& value) {
  PermissionsConfig permissions;
  if (value.type != Type::kObject) return refusal("not an object of publish and subscribe");
  for (const codec::JsonMember& member : value.members) {
    const bool publishes = member.name == "publish" || member.name == "pub";
    if (!publishes && member.name != "subscribe" && member.name != "sub")
      return refusal(codec::go_quoted(member.name) + " is neither publish nor subscribe");
    auto rules = read_side(member.value);
    if (!rules) return std::unexpected(rules.error().within(member.name));
    (publishes ? permissions.publish : permissions.subscribe) = std::move(*rules);
  }
  return permissions;
}

Result<PermissionsConfig> read_claim(const JsonValue& claims, const OidcConfig& config) {
  const JsonValue* value = find_claim(claims, config.permissions_claim);
  if (value == nullptr) return refusal(config.permissions_claim + " is missing");
  auto permissions = read_sides(*value);
  if (!permissions) return std::unexpected(permissions.error().within(config.permissions_claim));
  return permissions;
}

}  // namespace

PermissionsConfig united(const std::vector<const OidcRole*>& roles) {
  PermissionsConfig sum;
  for (const OidcRole* role : roles) {
    const PermissionsConfig& permissions = role->permissions;
    add(sum.publish, permissions.publish);
    add(sum.subscribe, permissions.subscribe);
    if (!permissions.responses) continue;
    if (!sum.responses) {
      sum.responses = permissions.responses;
      continue;
    }
    sum.responses->max = larger<std::int64_t>(sum.responses->max, permissions.responses->max, 0);
    sum.responses->expires =
        larger(sum.responses->expires, permissions.responses->expires, Duration{});
  }
  return sum;
}

Result<std::optional<PermissionsConfig>> read_rights(
    const JsonValue& claims, const OidcConfig& config,
    const std::optional<PermissionsConfig>& others) {
  if (!config.permissions_claim.empty()) return read_claim(claims, config);
  if (!config.roles_claim.empty()) return read_roles(claims, config);
  return others;
}

}  // namespace midge::auth::oidc
