#include "auth/jwt/rights_template.h"

#include <map>
#include <utility>

#include "base/ascii.h"
#include "subject/subject.h"

namespace midge::auth::jwt {
namespace {

constexpr std::string_view kOpen = "{{";
constexpr std::string_view kClose = "}}";

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::vector<std::string> tag_values(const std::vector<std::string>& tags, std::string_view name) {
  const std::string prefix = std::string(name) + ":";
  std::vector<std::string> values;
  for (const std::string& tag : tags)
    if (tag.starts_with(prefix)) values.push_back(tag.substr(prefix.size()));
  return values;
}

// The argument of `function(…)`, if that is what `call` is.
bool takes_argument(std::string_view call, std::string_view function, std::string_view& argument) {
  if (!call.starts_with(function) || !call.ends_with(")")) return false;
  argument = call.substr(function.size(), call.size() - function.size() - 1);
  return true;
}

Result<std::vector<std::string>> values_of(std::string_view written, const Head& user,
                                           const Head& account) {
  const std::string call = lower_case(trim(written));
  std::string_view argument;
  if (call == "name()") return std::vector{user.name};
  if (call == "subject()") return std::vector{user.subject};
  if (call == "account-name()") return std::vector{account.name};
  if (call == "account-subject()") return std::vector{account.subject};
  if (takes_argument(call, "tag(", argument)) return tag_values(user.tags, argument);
  if (takes_argument(call, "account-tag(", argument)) return tag_values(account.tags, argument);
  return failure("template operation " + std::string(kOpen) + std::string(written) +
                 std::string(kClose) + " is not defined");
}

// The text of a rule up to its next call, and the call; none is left at the end.
struct Piece {
  std::string_view literal, call;
  bool has_call = false;
};

Piece next_piece(std::string_view& rest) {
  std::size_t from = 0;
  while (true) {
    const std::size_t open = rest.find(kOpen, from);
    const std::size_t close = open == rest.npos ? rest.npos : rest.find(kClose, open);
    if (close == rest.npos) return {std::exchange(rest, {}), {}, false};
    const std::size_t begin = open + kOpen.size();
    // `{{}}` is no call.
    if (close <= begin) {
      from = close + kClose.size();
      continue;
    }
    const Piece piece{rest.substr(0, open), rest.substr(begin, close - begin), true};
    rest.remove_prefix(close + kClose.size());
    return piece;
  }
}

// What a template is filled in with, and how many rules it may still make.
struct Filling {
  const Head& user;
  const Head& account;
  std::size_t budget = kTemplateRulesMax;
};

// A rule as far as it is filled in. Places that read the same get the same value.
struct Draft {
  std::string text;
  std::map<std::string_view, std::string> chosen;  // by the call
};

// All that `rule` becomes: a rule for each combination of values, none if a place has no value. The
// budget counts places that read the same as if they did not.
Result<std::vector<std::string>> expand(std::string_view rule, Filling& filling) {
  std::vector<Draft> drafts(1);
  std::size_t counted = 1;
  while (true) {
    const Piece piece = next_piece(rule);
    for (Draft& draft : drafts) draft.text += piece.literal;
    if (!piece.has_call) break;
    ASSIGN_OR_RETURN(const auto values, values_of(piece.call, filling.user, filling.account));
    counted *= values.size();
    if (counted > filling.budget) return failure("template generates too many subjects");
    std::vector<Draft> longer;
    for (Draft& draft : drafts) {
      if (const auto chosen = draft.chosen.find(piece.call); chosen != draft.chosen.end()) {
        draft.text += chosen->second;
        longer.push_back(std::move(draft));
        continue;
      }
      for (const std::string& value : values) {
        longer.push_back(draft);
        longer.back().text += value;
        longer.back().chosen[piece.call] = value;
      }
    }
    drafts = std::move(longer);
  }
  if (counted > 1) filling.budget -= counted;
  std::vector<std::string> made;
  for (Draft& draft : drafts) made.push_back(std::move(draft.text));
  return made;
}

bool is_template(std::string_view rule) { return next_piece(rule).has_call; }

// Whether a rule without template says something: subscriptions may name a queue.
bool is_rule(std::string_view rule, bool may_name_queue) {
  const std::size_t space = rule.find(' ');
  if (space == rule.npos) return subject::is_valid(rule);
  return may_name_queue && subject::is_valid(rule.substr(0, space)) &&
         subject::is_valid(rule.substr(space + 1));
}

struct ListKind {
  bool denies, may_name_queue;
};

Result<std::vector<std::string>> fill_in_list(const std::vector<std::string>& rules, ListKind kind,
                                              Filling& filling) {
  std::vector<std::string> filled;
  for (const std::string& rule : rules) {
    std::vector<std::string> made{rule};
    const bool was_template = is_template(rule);
    if (was_template) {
      ASSIGN_OR_RETURN(made, expand(rule, filling));
      if (made.empty() && kind.denies)
        return failure("deny rule \"" + rule + "\" has no value for this user");
    }
    for (std::string& text : made) {
      if (is_rule(text, kind.may_name_queue && !was_template))
        filled.push_back(std::move(text));
      else if (kind.denies)
        return failure("deny rule \"" + rule + "\" becomes \"" + text + "\", which is no subject");
    }
  }
  return filled;
}

Result<SubjectLists> fill_in_lists(const SubjectLists& lists, bool may_name_queue,
                                   Filling& filling) {
  SubjectLists filled;
  ASSIGN_OR_RETURN(filled.allow, fill_in_list(lists.allow, {false, may_name_queue}, filling));
  ASSIGN_OR_RETURN(filled.deny, fill_in_list(lists.deny, {true, may_name_queue}, filling));
  // No rule left to allow anything: an empty list would allow everything.
  if (!lists.allow.empty() && filled.allow.empty()) filled.deny.emplace_back(">");
  return filled;
}

}  // namespace

Result<ClaimedPermissions> fill_in(const ClaimedPermissions& permissions, const Head& user,
                                   const Head& account) {
  ClaimedPermissions filled{.resp = permissions.resp};
  Filling filling{user, account};
  ASSIGN_OR_RETURN(filled.pub, fill_in_lists(permissions.pub, false, filling));
  ASSIGN_OR_RETURN(filled.sub, fill_in_lists(permissions.sub, true, filling));
  return filled;
}

}  // namespace midge::auth::jwt
