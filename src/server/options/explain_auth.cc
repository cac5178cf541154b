#include "server/options/explain_auth.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "auth/permissions.h"
#include "server/options/quoted.h"
#include "subject/subject.h"

namespace midge::server {
namespace {

using auth::Permissions;
using auth::PermissionsConfig;
using auth::SubjectRule;
using auth::SubjectRules;
using auth::UserConfig;

// What is asked for: to publish, or to subscribe.
struct Action {
  const char* verb;
  std::optional<SubjectRules> PermissionsConfig::*rules;
  std::string subject, queue;
};

enum class Answer { kAllowed, kInPart, kDenied };

Answer ask(const Action& action, const PermissionsConfig& config) {
  const auto permissions = Permissions::compile(config);
  if (action.rules == &PermissionsConfig::publish)
    return permissions->may_publish(action.subject) ? Answer::kAllowed : Answer::kDenied;
  switch (permissions->may_subscribe(action.subject, action.queue)) {
    case Permissions::Subscribe::kAllowed:
      return Answer::kAllowed;
    case Permissions::Subscribe::kAllowedInPart:
      return Answer::kInPart;
    case Permissions::Subscribe::kDenied:
      break;
  }
  return Answer::kDenied;
}

// What would be answered if this were the only rule.
Answer ask_alone(const Action& action, const SubjectRule& rule, bool allows) {
  SubjectRules rules;
  (allows ? rules.allow : rules.deny).push_back(rule);
  PermissionsConfig config;
  config.*action.rules = std::move(rules);
  return ask(action, config);
}

std::string shown(const SubjectRule& rule, bool allows) {
  const std::string subject = rule.queue.empty() ? rule.subject : rule.subject + " " + rule.queue;
  return fmt::format("{}: {} {}", rule.place, allows ? "allow" : "deny", quoted(subject));
}

// The first rule that decides, or why none does.
std::string reason(const Action& action, const PermissionsConfig& config, Answer answer) {
  const std::optional<SubjectRules>& rules = config.*action.rules;
  const bool publishes = action.rules == &PermissionsConfig::publish;
  if (rules && answer != Answer::kAllowed)
    for (const SubjectRule& rule : rules->deny)
      if (ask_alone(action, rule, false) == answer) return shown(rule, false);
  if (rules && !rules->allow.empty()) {
    for (const SubjectRule& rule : rules->allow)
      if (answer != Answer::kDenied && ask_alone(action, rule, true) == answer)
        return shown(rule, true);
    return fmt::format("{}: none of the rules that allow matches", rules->allow.front().place);
  }
  if (answer == Answer::kDenied && publishes && config.responses)
    return "allow_responses lets it answer requests, and publish nothing else";
  return "no rule is against it";
}

std::string explain(const Action& action, const std::optional<PermissionsConfig>& permissions) {
  const PermissionsConfig config = permissions.value_or(PermissionsConfig{});
  const Answer answer = ask(action, config);
  constexpr const char* kWords[] = {"allowed", "allowed in part", "denied"};
  const std::string what =
      action.queue.empty() ? action.subject : action.subject + " " + action.queue;
  return fmt::format("{} {}: {} ({})\n", action.verb, quoted(what),
                     kWords[static_cast<int>(answer)], reason(action, config, answer));
}

std::string known_users(const Options& options) {
  if (!options.auth.operator_jwts.empty() || !options.auth.trusted_keys.empty())
    return "in operator mode users are known by their JWTs";
  if (options.auth.oidc) {
    return "the configuration has no such user or role; bearers of tokens of " +
           options.auth.oidc->issuer + " may log in, as their claims say (" +
           options.auth.oidc->place + ")";
  }
  if (options.auth.callout)
    return "the auth callout's service decides about whom is not configured";
  if (!options.auth.token.empty()) return "clients log in with a token, and may do everything";
  return options.auth.users.empty() ? "everybody may log in, and may do everything"
                                    : "the configuration has no such user";
}

// Whether a callout service has the word, whatever the configuration says of this user.
bool is_delegated(const Options& options, const UserConfig& user) {
  if (!options.auth.callout) return false;
  const auth::CalloutConfig& callout = *options.auth.callout;
  const std::string& name = user.nkey.empty() ? user.user : user.nkey;
  if (std::ranges::find(callout.auth_users, name) != callout.auth_users.end()) return false;
  const std::vector<std::string>& accounts = callout.allowed_accounts;
  return user.account.empty() || user.account == "$G" || accounts.empty() ||
         std::ranges::find(accounts, user.account) != accounts.end();
}

// A user, or a role of those who come with tokens.
struct Known {
  std::string title;
  std::optional<PermissionsConfig> permissions;
  bool is_delegated = false;
};

std::optional<Known> find_known(const Options& options, const std::string& name) {
  for (const UserConfig& user : options.auth.users) {
    if (user.user != name && user.nkey != name) continue;
    const std::string account = user.account.empty() ? "$G" : user.account;
    return Known{
        fmt::format("user {} of account {} ({})", quoted(name), quoted(account), user.place),
        user.permissions, is_delegated(options, user)};
  }
  if (!options.auth.oidc) return std::nullopt;
  for (const auth::OidcRole& role : options.auth.oidc->roles)
    if (role.name == name)
      return Known{fmt::format("oidc role {} ({})", quoted(name), role.place), role.permissions};
  return std::nullopt;
}

}  // namespace

std::optional<ExplainRequest> take_explain_request(std::vector<std::string>& arguments) {
  const auto flag = std::ranges::find_if(arguments, [](const std::string& argument) {
    return argument == "--explain-auth" || argument == "-explain-auth";
  });
  if (arguments.end() - flag < 3) return std::nullopt;
  ExplainRequest request{flag[1], flag[2]};
  arguments.erase(flag, flag + 3);
  return request;
}

Result<std::string> explain_auth(const Options& options, const ExplainRequest& request) {
  const std::optional<Known> known = find_known(options, request.user);
  if (!known) return failure("no user " + quoted(request.user) + ": " + known_users(options));
  const std::size_t blank = request.subject.find(' ');
  const std::string subject = request.subject.substr(0, blank);
  const std::string queue = blank == std::string::npos ? "" : request.subject.substr(blank + 1);
  if (!subject::is_valid(subject) || (!queue.empty() && !subject::is_valid(queue)))
    return failure("subject " + quoted(request.subject) + " is not a valid subject");

  std::string out = known->title + "\n";
  if (known->is_delegated) return out + "the auth callout's service decides who it is\n";
  if (queue.empty() && subject::is_literal(subject))
    out += explain({"publish", &PermissionsConfig::publish, subject, ""}, known->permissions);
  out += explain({"subscribe", &PermissionsConfig::subscribe, subject, queue}, known->permissions);
  return out;
}

}  // namespace midge::server
