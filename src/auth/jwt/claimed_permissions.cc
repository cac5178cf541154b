#include "auth/jwt/claimed_permissions.h"

namespace midge::auth::jwt {
namespace {

std::vector<SubjectRule> to_rules(const std::vector<std::string>& texts) {
  std::vector<SubjectRule> rules;
  for (const std::string& text : texts) {
    const std::size_t space = text.find(' ');
    SubjectRule& rule = rules.emplace_back();
    rule.subject = text.substr(0, space);
    if (space != text.npos) rule.queue = text.substr(space + 1);
  }
  return rules;
}

std::optional<SubjectRules> to_rules(const SubjectLists& lists) {
  if (lists.empty()) return std::nullopt;
  return SubjectRules{to_rules(lists.allow), to_rules(lists.deny)};
}

}  // namespace

PermissionsConfig to_config(const ClaimedPermissions& permissions) {
  PermissionsConfig config;
  config.publish = to_rules(permissions.pub);
  config.subscribe = to_rules(permissions.sub);
  if (permissions.resp) {
    ResponseRule rule;
    // Zero is not said: the default holds.
    if (permissions.resp->max != 0) rule.max = permissions.resp->max;
    if (permissions.resp->ttl_ns != 0) rule.expires = nanoseconds(permissions.resp->ttl_ns);
    config.responses = rule;
  }
  return config;
}

}  // namespace midge::auth::jwt
