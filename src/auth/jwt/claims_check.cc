#include "auth/jwt/claims_check.h"

#include <algorithm>
#include <map>

#include "auth/jwt/network.h"
#include "crypto/nkey.h"
#include "subject/subject.h"

namespace midge::auth::jwt {
namespace {

using crypto::is_public_nkey;
using crypto::NkeyKind;

class Faults {
 public:
  void add(const std::string& text) {
    if (!text_.empty()) text_ += ' ';
    text_ += text;
  }
  [[nodiscard]] std::optional<std::string> take() {
    if (text_.empty()) return std::nullopt;
    return std::move(text_);
  }

 private:
  std::string text_;
};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

void check_subject(std::string_view subject, Faults& faults) {
  if (subject.empty())
    faults.add("subject cannot be empty");
  else if (subject.find_first_of(" \t\r\n\f") != subject.npos)
    faults.add("subject " + quoted(subject) + " cannot have spaces");
  else if (subject.starts_with('.') || subject.ends_with('.'))
    faults.add("subject " + quoted(subject) + " cannot start or end with a `.`");
  else if (subject.find("..") != subject.npos)
    faults.add("subject " + quoted(subject) + " cannot contain consecutive `.`");
}

void check_rules(const std::vector<std::string>& rules, bool may_name_queue, Faults& faults) {
  for (const std::string& rule : rules) {
    const std::size_t space = rule.find(' ');
    if (space == rule.npos) {
      check_subject(rule, faults);
    } else if (!may_name_queue) {
      faults.add("Permission Subject " + quoted(rule) + " is not allowed to contain queue");
    } else if (rule.find(' ', space + 1) != rule.npos) {
      faults.add("Permission Subject " + quoted(rule) + " contains too many spaces");
    } else {
      check_subject(std::string_view(rule).substr(0, space), faults);
      check_subject(std::string_view(rule).substr(space + 1), faults);
    }
  }
}

void check_permissions(const ClaimedPermissions& permissions, Faults& faults) {
  for (const auto* rules : {&permissions.pub.allow, &permissions.pub.deny})
    check_rules(*rules, false, faults);
  for (const auto* rules : {&permissions.sub.allow, &permissions.sub.deny})
    check_rules(*rules, true, faults);
}

void check_times(const UserRights& rights, const ZoneSource& zones, Faults& faults) {
  for (const TimeRange& range : rights.times) {
    const struct {
      const char* name;
      const std::string& text;
    } ends[] = {{"start", range.start}, {"end", range.end}};
    for (const auto& end : ends) {
      if (end.text.empty())
        faults.add(std::string("time ranges ") + end.name + " must contain a " + end.name);
      else if (!parse_time_of_day(end.text))
        faults.add(std::string(end.name) + " in time range is invalid " + quoted(end.text));
    }
  }
  if (!rights.locale.empty() && !zones.find(rights.locale))
    faults.add("could not parse iana time zone by name: unknown time zone " + rights.locale);
}

// What one service's importers see must not be part of what another's see.
void check_overlap(std::vector<std::string_view> subjects, const char* what, Faults& faults) {
  for (std::size_t a = 0; a < subjects.size(); ++a)
    for (std::size_t b = 0; b < subjects.size(); ++b)
      if (a != b && subject::is_subset(subjects[a], subjects[b]) &&
          (b > a || subjects[a] != subjects[b]))
        faults.add("overlapping subject namespace for " + std::string(what) + " " +
                   quoted(subjects[a]) + " and " + quoted(subjects[b]));
}

bool is_literal_subject(std::string_view subject) { return subject::is_valid_literal(subject); }

std::string_view token_at(std::string_view subject, std::int64_t position) {
  for (std::int64_t at = 1; at < position; ++at) {
    const std::size_t dot = subject.find('.');
    if (dot == subject.npos) return {};
    subject.remove_prefix(dot + 1);
  }
  return subject.substr(0, subject.find('.'));
}

void check_latency(const ClaimedExport& exported, Faults& faults) {
  if (!exported.latency) return;
  if (!exported.is_service) faults.add("latency tracking only permitted for services");
  if (exported.latency->sampling < 0 || exported.latency->sampling > 100)
    faults.add("sampling percentage needs to be between 1-100");
  check_subject(exported.latency->results, faults);
  if (!is_literal_subject(exported.latency->results))
    faults.add("results subject can not contain wildcards");
}

void check_export(const ClaimedExport& exported, Faults& faults) {
  check_subject(exported.subject, faults);
  const std::string& response = exported.response_type;
  const bool is_known =
      response.empty() || response == "Singleton" || response == "Stream" || response == "Chunked";
  if (exported.is_service) {
    if (!is_known) faults.add("invalid response type for service: " + quoted(response));
    if (exported.response_threshold_ns < 0) faults.add("negative response threshold is invalid");
  } else {
    if (!response.empty()) faults.add("invalid response type for stream: " + quoted(response));
    if (exported.response_threshold_ns != 0)
      faults.add("response threshold only valid for services");
  }
  check_latency(exported, faults);
  const std::int64_t position = exported.account_token_position;
  if (position > 0 && token_at(exported.subject, position) != "*")
    faults.add("account token position " + std::to_string(position) + " is no `*` of " +
               quoted(exported.subject));
}

void check_exports(const AccountClaims& claims, Faults& faults) {
  std::vector<std::string_view> services, streams;
  for (const ClaimedExport& exported : claims.exports) {
    check_export(exported, faults);
    (exported.is_service ? services : streams).push_back(exported.subject);
  }
  check_overlap(services, "service", faults);
  check_overlap(streams, "stream", faults);
  const std::int64_t limit = claims.limits.exports;
  if (limit >= 0 && static_cast<std::int64_t>(claims.exports.size()) > limit)
    faults.add("the account contains more exports than allowed by the operator");
}

// The wildcards of a subject, or what stands for them in the name an importer gives it.
struct Wildcards {
  std::size_t stars = 0;
  std::vector<std::string_view> references;  // `$1`
  bool has_rest = false;                     // `>`
};

Wildcards wildcards_of(std::string_view subject) {
  Wildcards found;
  while (!subject.empty()) {
    const std::string_view token = subject.substr(0, subject.find('.'));
    if (token == "*") ++found.stars;
    if (token == ">") found.has_rest = true;
    if (token.size() > 1 && token[0] == '$' && token[1] >= '0' && token[1] <= '9')
      found.references.push_back(token);
    subject.remove_prefix(std::min(token.size() + 1, subject.size()));
  }
  return found;
}

void check_local_subject(const ClaimedImport& imported, Faults& faults) {
  const std::string& local = imported.local_subject;
  if (local.empty()) return;
  if (!imported.to.empty()) faults.add("local subject and to are mutually exclusive");
  const Wildcards there = wildcards_of(imported.subject);
  const Wildcards here = wildcards_of(local);
  bool all_named = here.stars + here.references.size() == there.stars;
  for (std::size_t index = 1; index <= here.references.size() && here.stars == 0; ++index)
    all_named = all_named && std::count(here.references.begin(), here.references.end(),
                                        "$" + std::to_string(index)) == 1;
  if (!all_named || here.has_rest != there.has_rest)
    faults.add("local subject " + quoted(local) + " does not hold all wildcards of " +
               quoted(imported.subject));
}

void check_activation(const ClaimedImport& imported, std::string_view importer, Faults& faults) {
  if (imported.token.empty()) return;
  const auto activation = decode_activation(imported.token);
  const std::string import = "import " + quoted(imported.subject);
  if (!activation) {
    faults.add(import + " contains an invalid activation token: " + activation.error().text());
    return;
  }
  if (activation->head.issuer != imported.account && activation->issuer_account != imported.account)
    faults.add(import + ": activation token doesn't match the exporting account");
  if (activation->head.subject != importer)
    faults.add(import + ": activation token doesn't match account it is being included in");
  if (activation->is_service != imported.is_service)
    faults.add(import + ": activation token is for another type");
  if (!subject::is_subset(imported.exported_subject(), activation->subject))
    faults.add(import + ": activation token is for " + quoted(activation->subject));
}

void check_import(const ClaimedImport& imported, std::string_view importer, Faults& faults) {
  check_subject(imported.subject, faults);
  if (imported.account.empty()) faults.add("account to import from is not specified");
  check_local_subject(imported, faults);
  if (imported.share && !imported.is_service)
    faults.add("sharing information (for latency tracking) is only valid for services: " +
               quoted(imported.subject));
  check_activation(imported, importer, faults);
}

void check_imports(const AccountClaims& claims, Faults& faults) {
  std::vector<std::string_view> services;
  for (const ClaimedImport& imported : claims.imports) {
    check_import(imported, claims.head.subject, faults);
    if (imported.is_service)
      services.push_back(imported.local_subject.empty() ? imported.subject
                                                        : imported.local_subject);
  }
  check_overlap(services, "import", faults);
  const std::int64_t limit = claims.limits.imports;
  if (limit >= 0 && static_cast<std::int64_t>(claims.imports.size()) > limit)
    faults.add("the account contains more imports than allowed by the operator");
}

void check_mappings(const AccountClaims& claims, Faults& faults) {
  for (const auto& [source, mappings] : claims.mappings) {
    check_subject(source, faults);
    std::map<std::string_view, std::int64_t> totals;  // by cluster
    for (const WeightedMapping& mapping : mappings) {
      check_subject(mapping.subject, faults);
      totals[mapping.cluster] += mapping.weight == 0 ? 100 : mapping.weight;
    }
    for (const auto& [cluster, total] : totals)
      if (total > 100)
        faults.add("Mapping " + quoted(source) +
                   " exceeds 100% among all of it's weighted to mappings");
  }
}

void check_authorization(const ExternalAuthorization& authorization, Faults& faults) {
  for (const std::string& user : authorization.auth_users)
    if (!is_public_nkey(NkeyKind::kUser, user))
      faults.add("AuthUser " + quoted(user) + " is not a valid user public key");
  for (const std::string& account : authorization.allowed_accounts)
    if (account == "*" ? authorization.allowed_accounts.size() > 1
                       : !is_public_nkey(NkeyKind::kAccount, account))
      faults.add("Account " + quoted(account) + " is not a valid account public key");
  if (authorization.auth_users.empty() && !authorization.allowed_accounts.empty())
    faults.add("External authorization cannot have accounts without users specified");
  if (!authorization.xkey.empty() && !is_public_nkey(NkeyKind::kCurve, authorization.xkey))
    faults.add("XKey " + quoted(authorization.xkey) + " is not a valid public xkey");
}

std::optional<std::int64_t> two_digits(std::string_view text, std::int64_t max) {
  if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') return std::nullopt;
  const std::int64_t value = (text[0] - '0') * 10 + (text[1] - '0');
  if (value > max) return std::nullopt;
  return value;
}

}  // namespace

std::optional<std::string> find_fault(const UserClaims& claims, const ZoneSource& zones) {
  Faults faults;
  check_permissions(claims.rights.permissions, faults);
  for (const std::string& network : claims.rights.src)
    if (!Network::parse(network))
      faults.add("invalid cidr " + quoted(network) + " in user src limits");
  check_times(claims.rights, zones, faults);
  if (!claims.issuer_account.empty() && !is_public_nkey(NkeyKind::kAccount, claims.issuer_account))
    faults.add("account_id is not an account public key");
  return faults.take();
}

std::optional<std::string> find_fault(const AccountClaims& claims) {
  Faults faults;
  check_imports(claims, faults);
  check_exports(claims, faults);
  check_permissions(claims.default_permissions, faults);
  check_mappings(claims, faults);
  check_authorization(claims.authorization, faults);
  if (!claims.trace_destination.empty() && !is_literal_subject(claims.trace_destination))
    faults.add("trace destination " + quoted(claims.trace_destination) + " is no literal subject");
  if (claims.trace_destination.empty() && claims.trace_sampling != 0)
    faults.add("trace sampling without a destination");
  if (claims.trace_sampling < 0 || claims.trace_sampling > 100)
    faults.add("trace sampling needs to be between 1-100");
  if (claims.limits.tiers.contains(""))
    faults.add(R"(Tiered JetStream Limits can not contain a blank "" tier name)");
  const std::string& traffic = claims.cluster_traffic;
  if (!traffic.empty() && traffic != "system" && traffic != "owner")
    faults.add("unknown cluster traffic option: " + quoted(traffic));
  for (const auto& [key, scope] : claims.signing_keys) {
    if (!is_public_nkey(NkeyKind::kAccount, key))
      faults.add(quoted(key) + " is not an account public key");
  }
  return faults.take();
}

Validity validity_at(const Head& head, std::int64_t now_seconds) {
  if (head.expires > 0 && now_seconds > head.expires) return Validity::kExpired;
  if (head.not_before > 0 && head.not_before > now_seconds) return Validity::kNotYet;
  return Validity::kValid;
}

std::string_view to_text(Validity validity) {
  switch (validity) {
    case Validity::kValid:
      return "claim is valid";
    case Validity::kExpired:
      return "claim is expired";
    case Validity::kNotYet:
      return "claim is not yet valid";
  }
  return "";
}

std::optional<std::int64_t> parse_time_of_day(std::string_view text) {
  if (text.size() != 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  const auto hours = two_digits(text, 23);
  const auto minutes = two_digits(text.substr(3), 59);
  const auto seconds = two_digits(text.substr(6), 59);
  if (!hours || !minutes || !seconds) return std::nullopt;
  return *hours * 3600 + *minutes * 60 + *seconds;
}

}  // namespace midge::auth::jwt
