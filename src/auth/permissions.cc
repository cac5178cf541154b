#include "auth/permissions.h"

#include "subject/subject.h"

namespace midge::auth {

namespace {

bool allows(const RuleTrie::Found& found, std::string_view queue) {
  if (!queue.empty() && found.queues) return found.queue_matches;
  return found.plain;
}

bool denies(const RuleTrie::Found& found) { return found.plain || found.queue_matches; }

}  // namespace

std::shared_ptr<const Permissions> Permissions::compile(const PermissionsConfig& config) {
  auto compiled = std::make_shared<Permissions>();
  compiled->config_ = config;
  const SubjectRules publish = config.publish.value_or(SubjectRules{});
  compiled->publish_ = PublishRules(publish, publish.allow.empty() && !config.responses);
  compiled->subscribe_ = compile_rules(config.subscribe);
  return compiled;
}

Permissions::Rules Permissions::compile_rules(const std::optional<SubjectRules>& config) {
  Rules rules;
  if (!config) return rules;
  for (const SubjectRule& rule : config->allow) rules.allow.add(rule);
  for (const SubjectRule& rule : config->deny) rules.deny.add(rule);
  rules.allows_all = rules.allow.empty();
  return rules;
}

Permissions::Subscribe Permissions::may_subscribe(std::string_view subject,
                                                  std::string_view queue) const {
  const bool is_literal = subject::is_literal(subject);
  bool in_part = false;
  if (!subscribe_.allows_all) {
    // Wildcards pass for tokens here, as in nats-server, which lets `foo.>` pass where `foo.*` is
    // allowed. What no rule covers is sieved when messages come.
    if (!allows(subscribe_.allow.match(subject, queue), queue)) return Subscribe::kDenied;
    in_part = !is_literal && !allows(subscribe_.allow.cover(subject, queue), queue);
  }
  if (denies(subscribe_.deny.match(subject, queue))) return Subscribe::kDenied;
  in_part = in_part || (!is_literal && denies(subscribe_.deny.overlap(subject, queue)));
  return in_part ? Subscribe::kAllowedInPart : Subscribe::kAllowed;
}

bool Permissions::may_receive(std::string_view subject, std::string_view queue) const {
  if (!subscribe_.allows_all) {
    const RuleTrie::Found found = subscribe_.allow.match(subject, queue);
    if (!found.plain && !found.queue_matches) return false;
  }
  return !denies(subscribe_.deny.match(subject, queue));
}

}  // namespace midge::auth
