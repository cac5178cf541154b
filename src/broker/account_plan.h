// The accounts as routing uses them: imports authorised, mappings compiled, names replaced by ids.
//
// Immutable: a reload resolves a new AccountPlans, and each loop takes it over at the edge of a
// tick. What routing needs of an import is kept with the account a message is published in: its
// stream exports that somebody imports, and the services it imports. Thread: any.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tsl/robin_map.h>

#include "base/ids.h"
#include "base/result.h"
#include "broker/account_config.h"
#include "broker/accounts.h"
#include "subject/transform.h"

namespace midge::broker {

// Somebody imports a stream of this account.
struct StreamUse {
  AccountId importer;
  std::string subject;                          // here; may hold wildcards
  std::string prefix;                           // put in front there, with its dot
  std::optional<subject::Transform> transform;  // in place of a prefix
  std::string fixed;                            // the one subject there, in place of both
  std::string pattern;                          // `subject` as it is there
  std::optional<subject::Transform> back;       // of `transform`
  bool allow_trace = false;

  // The subject in the importer's account.
  [[nodiscard]] std::string local(std::string_view published) const;
  // What a subscription in the importer's account takes of the stream, in the words of this one.
  [[nodiscard]] std::string taken_by(std::string_view subscription) const;
};

// This account imports a service.
struct ServiceUse {
  AccountId exporter;
  std::string local;                            // here; may hold wildcards
  std::optional<subject::Transform> transform;  // local to there
  std::string fixed;                            // the one subject there; "" = the same as here
  bool names_importer = false;                  // `*` in `fixed` stands for its name
  bool share = false;
  ResponseType response = ResponseType::kSingleton;
  Duration threshold = minutes(2);
  std::optional<LatencyConfig> latency;
  bool allow_trace = false;

  // The subject in the exporter's account.
  [[nodiscard]] std::string remote(std::string_view published, std::string_view importer) const;
};

struct Mapping {
  struct Destination {
    subject::Transform transform;
    int weight_sum;  // of this and those before it
  };
  std::string source;
  std::vector<Destination> destinations;  // none: all stays as it is

  // The destination for one message; null: it keeps its subject. `draw` is any random number.
  [[nodiscard]] const subject::Transform* choose(std::uint64_t draw) const;
  // Whether every message on one subject gets the same.
  [[nodiscard]] bool is_steady() const {
    return destinations.size() == 1 && destinations[0].weight_sum == 100 &&
           !destinations[0].transform.is_random();
  }
};

struct AccountPlan {
  AccountId id;
  std::string name;
  std::string nkey;
  std::string title;
  AccountLimits limits;
  std::string trace_destination;
  int trace_sampling = 100;
  std::vector<StreamUse> stream_uses;
  std::vector<AccountId> stream_origins;  // accounts whose stream_uses name this one
  std::vector<ServiceUse> service_uses;
  std::vector<Mapping> wildcard_mappings;  // the more specific first
  tsl::robin_map<std::string, Mapping> literal_mappings;

  // Nothing but its own interest decides where a message goes.
  [[nodiscard]] bool is_plain() const {
    return stream_uses.empty() && service_uses.empty() && wildcard_mappings.empty() &&
           literal_mappings.empty();
  }
  // Whether a message published on `subject` does more than reach the account's own interest.
  [[nodiscard]] bool concerns(std::string_view subject) const;
  // The most specific mapping of `subject`; null = none.
  [[nodiscard]] const Mapping* mapping_for(std::string_view subject) const;
};

class AccountPlans {
 public:
  // Errors have nats-server's texts. With `skipped`, what is wrong is left out and told there, in
  // place of refusing everything.
  static Result<std::shared_ptr<AccountPlans>> resolve(std::span<const AccountConfig> configs,
                                                       Accounts& accounts,
                                                       std::vector<Error>* skipped);
  // Before it is shared: what every account but the system account imports.
  void import_everywhere(std::span<const DefaultService> services);

  // Null: an account without description.
  [[nodiscard]] const AccountPlan* find(AccountId id) const {
    return id.value < by_id_.size() ? by_id_[id.value] : nullptr;
  }
  // Null also if nothing but the account's interest matters.
  [[nodiscard]] const AccountPlan* find_crossing(AccountId id) const {
    return id.value < crossing_.size() ? crossing_[id.value] : nullptr;
  }
  // The service that `account` imports as all do, and has not imported otherwise; null: none.
  [[nodiscard]] const ServiceUse* default_service(AccountId account,
                                                  std::string_view subject) const;
  // Whether requests of `asker` may get to `provider`, by however many imports.
  [[nodiscard]] bool asks(AccountId asker, AccountId provider) const;
  // The account's plan if more than its own interest decides about `subject`, else null.
  [[nodiscard]] const AccountPlan* find_concerned(AccountId account,
                                                  std::string_view subject) const {
    const AccountPlan* plan = find_crossing(account);
    if (plan != nullptr && plan->concerns(subject)) return plan;
    return default_service(account, subject) == nullptr ? nullptr : find(account);
  }
  [[nodiscard]] const std::deque<AccountPlan>& all() const { return plans_; }

 private:
  friend class AccountResolver;
  std::deque<AccountPlan> plans_;  // in the order of the configuration
  std::vector<const AccountPlan*> by_id_, crossing_;
  std::vector<ServiceUse> default_services_;
};

using AccountPlansPtr = std::shared_ptr<const AccountPlans>;

// The export by which `exporter` lets `importer` import `subject`; null = it does not. An export of
// the very subject decides; otherwise the narrowest of those that cover it do, and all of them must
// agree where none is the narrowest (nats-server asks one of them, which one varies).
const ExportConfig* find_export(const AccountConfig& exporter, bool is_service,
                                std::string_view subject, std::string_view importer);

// What resolve() would refuse, for those who only check a configuration: all exports and imports,
// and the mappings after them.
Result<void> check_accounts(std::span<const AccountConfig> configs);
// One mapping: `Error adding mapping for …`.
Result<void> check_mapping(const MappingConfig& config);

}  // namespace midge::broker
