#include "server/options/permissions_block.h"

#include <string>
#include <string_view>
#include <vector>

#include "codec/conf/duration.h"
#include "server/options/fields.h"
#include "server/options/quoted.h"
#include "subject/subject.h"

namespace midge::server {
namespace {

using auth::PermissionsConfig;
using auth::ResponseRule;
using auth::SubjectRule;
using auth::SubjectRules;
using conf::Kind;
using conf::Member;
using conf::Value;

// Subjects right below `publish` are found wrong without a place in front, as the peer does; those
// of `allow` and `deny` with one.
enum class Depth { kDirect, kNested };

void add_error(const Member& member, Depth depth, const std::string& text, Findings& findings) {
  if (depth == Depth::kNested)
    findings.error(member.position, text);
  else
    findings.add({Finding::Kind::kError, member.position.order,
                  text + " (" + conf::to_string(member.position) + ")"});
}

// Words of `text`, which are separated by white space.
std::vector<std::string> words_of(std::string_view text) {
  constexpr std::string_view kWhite = " \t\r\n";
  std::vector<std::string> words;
  for (;;) {
    const std::size_t from = text.find_first_not_of(kWhite);
    if (from == std::string_view::npos) return words;
    text.remove_prefix(from);
    const std::size_t length = std::min(text.find_first_of(kWhite), text.size());
    words.emplace_back(text.substr(0, length));
    text.remove_prefix(length);
  }
}

// `subject`, or `subject queue` where queues are allowed. Errors: what the peer says.
Result<SubjectRule> parse_rule(const std::string& text, bool with_queue) {
  const std::vector<std::string> words = words_of(text);
  if (with_queue && words.size() == 2) {
    if (!subject::is_valid(words[0]))
      return failure("subject " + quoted(words[0]) + " is not a valid subject");
    if (!subject::is_valid(words[1]))
      return failure("queue " + quoted(words[1]) + " is not a valid queue");
    return SubjectRule{words[0], words[1]};
  }
  if (!subject::is_valid(text))
    return failure("subject " + quoted(text) + " is not a valid subject");
  return SubjectRule{text, ""};
}

// A subject or an array of them. The first that is wrong is told, the others are not looked at.
std::vector<SubjectRule> read_subjects(const Member& member, Depth depth, bool with_queue,
                                       Findings& findings) {
  const Value& value = member.value;
  if (value.kind != Kind::kString && value.kind != Kind::kArray) {
    add_error(member, depth,
              "Expected subject permissions to be a subject, or array of subjects, got " +
                  std::string(value.type_name()),
              findings);
    return {};
  }
  std::vector<SubjectRule> rules;
  const std::vector<Value> one =
      value.kind == Kind::kString ? std::vector{value} : std::vector<Value>{};
  for (const Value& item : one.empty() ? value.items : one) {
    if (item.kind != Kind::kString) {
      findings.error(item.position, "Subject in permissions array cannot be cast to string");
      return {};
    }
    Result<SubjectRule> rule = parse_rule(item.text, with_queue);
    if (!rule) {
      add_error(member, depth, rule.error().text(), findings);
      return {};
    }
    rule->place = place_of(item.position);
    rules.push_back(std::move(*rule));
  }
  return rules;
}

std::optional<SubjectRules> read_rules(const Member& member, bool with_queue, Findings& findings) {
  SubjectRules rules;
  if (member.value.kind != Kind::kMap) {
    rules.allow = read_subjects(member, Depth::kDirect, with_queue, findings);
    return rules;
  }
  for (const Member& entry : member.value.members) {
    const std::string name = lower_case(entry.key);
    if (name == "allow")
      rules.allow = read_subjects(entry, Depth::kNested, with_queue, findings);
    else if (name == "deny")
      rules.deny = read_subjects(entry, Depth::kNested, with_queue, findings);
    else if (!entry.is_variable)
      findings.error(entry.position, "Unknown field name " + quoted(entry.key) +
                                         " parsing subject permissions, only 'allow' or 'deny' "
                                         "are permitted");
  }
  return rules;
}

void read_expires(const Member& member, ResponseRule& rule, Findings& findings) {
  if (member.value.kind != Kind::kString) {
    findings.error(member.position, "error parsing expires, not a duration string");
    return;
  }
  const Result<Duration> expires = conf::parse_duration(member.value.text);
  if (!expires)
    findings.error(member.position, "error parsing expires: " + expires.error().text());
  else if (*expires != Duration{0})
    rule.expires = *expires;
}

void read_max(const Member& member, ResponseRule& rule, Findings& findings) {
  const auto max = integer_of(member, findings);
  if (max && *max != 0) rule.max = *max;
}

constexpr BlockKey<ResponseRule> kResponseKeys[] = {
    {"max max_msgs max_messages max_responses", read_max},
    {"expires expiration ttl", read_expires},
};

void read_responses(const Member& member, PermissionsConfig& permissions, Findings& findings) {
  const Value& value = member.value;
  if (value.kind == Kind::kBool) {
    if (value.boolean) permissions.responses = ResponseRule{};
    return;
  }
  if (value.kind != Kind::kMap) {
    findings.error(member.position,
                   "error parsing response permissions, expected a boolean or a map");
    return;
  }
  ResponseRule rule;
  for (const Member& entry : value.members) {
    if (read_key(entry, kResponseKeys, rule, findings) || entry.is_variable) continue;
    findings.error(entry.position, "Unknown field " + quoted(entry.key) + " parsing permissions");
  }
  permissions.responses = rule;
}

void read_publish(const Member& member, PermissionsConfig& permissions, Findings& findings) {
  permissions.publish = read_rules(member, false, findings);
}

void read_subscribe(const Member& member, PermissionsConfig& permissions, Findings& findings) {
  permissions.subscribe = read_rules(member, true, findings);
}

// `import` and `export` are the words of routes; the peer takes them here too.
constexpr BlockKey<PermissionsConfig> kPermissionKeys[] = {
    {"publish pub import", read_publish},
    {"subscribe sub export", read_subscribe},
    {"publish_allow_responses allow_responses", read_responses},
};

}  // namespace

std::optional<PermissionsConfig> read_permissions(const Member& member, Findings& findings) {
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position,
                   "Expected permissions to be a map/struct, got " + plain_text(member.value));
    return std::nullopt;
  }
  PermissionsConfig permissions;
  for (const Member& entry : member.value.members) {
    if (read_key(entry, kPermissionKeys, permissions, findings) || entry.is_variable) continue;
    findings.error(entry.position, "Unknown field " + quoted(entry.key) + " parsing permissions");
  }
  return permissions;
}

}  // namespace midge::server
