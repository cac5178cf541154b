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
  // Where it stands, `server.conf:12`; "" = not in a file. Two rules are the same wherever they
  // stand.
  std::string place = {};

  bool operator==(const SubjectRule& other) const {
    return subject == other.subject && queue == other.queue;
  }
};

struct SubjectRules {
  std::vector<SubjectRule> allow;  // empty: all that is not denied
  std::vector<SubjectRule> deny;

  bool operator==(const SubjectRules&) const = default;
};

// Replies that may be sent to requests received, whatever the publish rules say.
struct ResponseRule {
  std::int64_t max = 1;           // replies to one request; below 0: any number
  Duration expires = minutes(2);  // below 0: never

  bool operator==(const ResponseRule&) const = default;
};

struct PermissionsConfig {
  std::optional<SubjectRules> publish;
  std::optional<SubjectRules> subscribe;
  std::optional<ResponseRule> responses;

  bool operator==(const PermissionsConfig&) const = default;
};

}  // namespace midge::auth
