// Permissions as a configuration file or a user claim writes them: data, not yet compiled.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace midge::auth {

struct SubjectRule {
  std::string subject;  // may hold wildcards
  std::string queue;    // of subscriptions only, may hold wildcards; "" = the rule names none
};

struct SubjectRules {
  std::vector<SubjectRule> allow;  // empty: all that is not denied
  std::vector<SubjectRule> deny;
};

// Replies that may be sent to requests received, whatever the publish rules say.
struct ResponseRule {
  std::int64_t max = 1;           // replies to one request; below 0: any number
  Duration expires = minutes(2);  // below 0: never
};

struct PermissionsConfig {
  std::optional<SubjectRules> publish;
  std::optional<SubjectRules> subscribe;
  std::optional<ResponseRule> responses;
};

}  // namespace midge::auth
