#include "broker/account_resolver.h"

#include <algorithm>

#include "subject/subject.h"
#include "subject/tokens.h"

namespace midge::broker {
namespace {

using subject::Tokens;
using subject::Transform;

// Chains of imports longer than this are not followed.
constexpr unsigned kChainMax = 64;

bool has(const auto& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view token_at(std::string_view subject, int position) {
  Tokens tokens(subject);
  while (true) {
    const std::string_view token = tokens.take();
    if (--position == 0) return token;
    if (tokens.done()) return {};
  }
}

// Whether some subject matches both.
bool overlap(std::string_view left, std::string_view right) {
  Tokens lefts(left);
  Tokens rights(right);
  do {
    const std::string_view a = lefts.take();
    const std::string_view b = rights.take();
    if (a == subject::kTail || b == subject::kTail) return true;
    if (a != b && a != subject::kStar && b != subject::kStar) return false;
  } while (!lefts.done() && !rights.done());
  return lefts.done() && rights.done();
}

std::unexpected<Error> import_error(const ImportConfig& config, std::string_view what) {
  std::string text =
      config.is_service ? "Error adding service import \"" : "Error adding stream import \"";
  text.append(config.subject).append("\": ").append(what);
  return failure(std::move(text), ErrorCode::kInvalid);
}

std::unexpected<Error> transform_error(const ImportConfig& config, std::string_view from,
                                       std::string_view to, const Error& error) {
  std::string text = "failed to create mapping transform for ";
  text.append(config.is_service ? "service" : "stream").append(" import subject from \"");
  text.append(from).append("\" to \"").append(to).append("\": ").append(error.text());
  return import_error(config, text);
}

// Several exports of one subject are one: private if one of them is.
bool lets_in(const AccountConfig& exporter, const ExportConfig& config, std::string_view subject,
             std::string_view importer) {
  if (config.account_token_position > 0)
    return token_at(subject, config.account_token_position) == importer;
  bool is_private = false;
  for (const ExportConfig& other : exporter.exports) {
    if (other.is_service != config.is_service || other.subject != config.subject) continue;
    if (has(other.accounts, importer)) return true;
    is_private = is_private || !other.accounts.empty();
  }
  return !is_private;
}

std::unexpected<Error> mapping_error(const MappingConfig& config, std::string_view what) {
  std::string text = "Error adding mapping for \"";
  text.append(config.source).append("\" : ").append(what);
  return failure(std::move(text), ErrorCode::kInvalid);
}

}  // namespace

std::size_t AccountResolver::index_of(std::string_view name) const {
  const auto found = std::ranges::find(configs_, name, &AccountConfig::name);
  return found == configs_.end() ? kNowhere : static_cast<std::size_t>(found - configs_.begin());
}

Result<void> AccountResolver::settle(Result<void> result) {
  if (result || skipped_ == nullptr) return result;
  skipped_->push_back(std::move(result.error()));
  return {};
}

Result<std::shared_ptr<AccountPlans>> AccountResolver::run() {
  plans_ = std::make_shared<AccountPlans>();
  for (const AccountConfig& config : configs_) {
    AccountPlan& plan = plans_->plans_.emplace_back();
    plan.id = accounts_.add(config.name);
    plan.name = config.name;
    plan.nkey = config.nkey;
    plan.title = config.title;
    plan.limits = config.limits;
    plan.trace_destination = config.trace_destination;
    plan.trace_sampling = config.trace_sampling;
  }
  for (const bool service : {false, true}) {
    for (const AccountConfig& config : configs_)
      for (const ExportConfig& exported : config.exports)
        if (exported.is_service == service) TRY(settle(check_export(exported)));
  }
  for (const bool service : {false, true}) {
    for (std::size_t i = 0; i < configs_.size(); ++i) {
      for (const ImportConfig& import : configs_[i].imports) {
        if (import.is_service != service) continue;
        TRY(settle(service ? add_service(i, import) : add_stream(i, import)));
      }
    }
  }
  for (std::size_t i = 0; i < configs_.size(); ++i)
    TRY(add_mappings(plans_->plans_[i], configs_[i]));

  for (const AccountPlan& plan : plans_->plans_) {
    const std::size_t size = std::max<std::size_t>(plans_->by_id_.size(), plan.id.value + 1);
    plans_->by_id_.resize(size);
    plans_->crossing_.resize(size);
    plans_->by_id_[plan.id.value] = &plan;
    if (!plan.is_plain()) plans_->crossing_[plan.id.value] = &plan;
  }
  return plans_;
}

Result<void> AccountResolver::check_export(const ExportConfig& config) const {
  const std::string kind = config.is_service ? "service" : "stream";
  for (const std::string& name : config.accounts) {
    if (index_of(name) == kNowhere)
      return failure('"' + name + "\" account not defined for " + kind + " export");
  }
  if (config.account_token_position > 0 &&
      token_at(config.subject, config.account_token_position) != subject::kStar) {
    return failure("Error adding " + kind + " export \"" + config.subject +
                   "\": sublist: invalid subject");
  }
  return {};
}

const ExportConfig* find_export(const AccountConfig& exporter, bool is_service,
                                std::string_view subject, std::string_view importer) {
  const ExportConfig* exact = nullptr;
  std::vector<const ExportConfig*> covering;
  for (const ExportConfig& config : exporter.exports) {
    if (config.is_service != is_service) continue;
    if (config.subject == subject) exact = &config;  // of several the last one's terms count
    if (subject::is_subset(subject, config.subject)) covering.push_back(&config);
  }
  if (exact != nullptr) return lets_in(exporter, *exact, subject, importer) ? exact : nullptr;
  const ExportConfig* deciding = nullptr;
  for (const ExportConfig* config : covering) {
    const bool has_narrower = std::ranges::any_of(covering, [&](const ExportConfig* other) {
      return other->subject != config->subject &&
             subject::is_subset(other->subject, config->subject);
    });
    if (has_narrower) continue;
    if (!lets_in(exporter, *config, subject, importer)) return nullptr;
    deciding = config;
  }
  return deciding;
}

Result<void> AccountResolver::add_stream(std::size_t importer, const ImportConfig& config) {
  const std::size_t exporter = index_of(config.account);
  if (exporter == kNowhere)
    return failure('"' + config.account + "\" account not defined for stream import");
  if (find_export(configs_[exporter], false, config.subject, configs_[importer].name) == nullptr)
    return import_error(config, "stream import not authorized");

  StreamUse use;
  use.importer = plans_->plans_[importer].id;
  use.subject = config.subject;
  use.allow_trace = config.allow_trace;
  std::string local = config.subject;
  if (!config.prefix.empty()) {
    if (!subject::is_literal(config.prefix))
      return import_error(config, "stream import prefix can not contain wildcard tokens");
    use.prefix = config.prefix;
    if (!use.prefix.ends_with('.')) use.prefix += '.';
    local = use.prefix + config.subject;
  } else if (!config.to.empty() && config.to != config.subject) {
    if (subject::is_literal(config.subject)) {
      use.fixed = config.to;
    } else {
      auto compiled = Transform::compile(config.subject, subject::number_wildcards(config.to),
                                         Transform::Use::kImport);
      if (!compiled) return transform_error(config, config.subject, config.to, compiled.error());
      use.transform = std::move(*compiled);
      auto back = Transform::compile_reverse(config.subject, subject::number_wildcards(config.to));
      if (back) use.back = std::move(*back);
    }
    local = subject::star_wildcards(config.to);
  }
  use.pattern = local;
  const Taken taken{importer, exporter, config.subject, local, false};
  if (closes_cycle(taken)) return import_error(config, "import forms a cycle");
  for (const Taken& other : taken_) {
    if (!other.is_service && other.importer == importer && other.exporter == exporter &&
        other.subject == config.subject)
      return import_error(config, "stream import already exists");
  }
  taken_.push_back(taken);
  plans_->plans_[exporter].stream_uses.push_back(std::move(use));
  std::vector<AccountId>& origins = plans_->plans_[importer].stream_origins;
  const AccountId origin = plans_->plans_[exporter].id;
  if (std::ranges::find(origins, origin) == origins.end()) origins.push_back(origin);
  return {};
}

Result<void> AccountResolver::add_service(std::size_t importer, const ImportConfig& config) {
  const std::size_t exporter = index_of(config.account);
  if (exporter == kNowhere)
    return failure('"' + config.account + "\" account not defined for service import");
  const std::string local = config.to.empty() ? config.subject : config.to;
  if (!subject::is_valid(config.subject) || !subject::is_valid(local))
    return import_error(config, "sublist: invalid subject");
  const ExportConfig* exported =
      find_export(configs_[exporter], true, config.subject, configs_[importer].name);
  if (exported == nullptr) return import_error(config, "service import not authorized");

  ServiceUse use;
  use.exporter = plans_->plans_[exporter].id;
  use.local = subject::star_wildcards(local);
  use.share = config.share;
  use.response = exported->response;
  use.threshold = exported->threshold;
  use.latency = exported->latency;
  use.allow_trace = exported->allow_trace;
  if (local != config.subject) {
    if (subject::is_literal(config.subject)) {
      use.fixed = config.subject;
    } else {
      auto compiled = Transform::compile_reverse(config.subject, local);
      if (!compiled) return transform_error(config, local, config.subject, compiled.error());
      use.transform = std::move(*compiled);
    }
  }
  const Taken taken{importer, exporter, config.subject, use.local, true};
  if (closes_cycle(taken)) return import_error(config, "import forms a cycle");
  taken_.push_back(taken);
  plans_->plans_[importer].service_uses.push_back(std::move(use));
  return {};
}

bool AccountResolver::closes_cycle(const Taken& taken) const {
  return reaches(taken.exporter, taken.subject, taken.is_service, taken.importer, 0);
}

// Whether what `account` has on `subject` comes, by imports, from `wanted`.
bool AccountResolver::reaches(std::size_t account, std::string_view subject, bool is_service,
                              std::size_t wanted, unsigned depth) const {
  if (depth > kChainMax) return true;
  return std::ranges::any_of(taken_, [&](const Taken& taken) {
    if (taken.importer != account || taken.is_service != is_service) return false;
    if (!overlap(taken.local, subject)) return false;
    return taken.exporter == wanted ||
           reaches(taken.exporter, taken.subject, is_service, wanted, depth + 1);
  });
}

Result<void> AccountResolver::add_mappings(AccountPlan& plan, const AccountConfig& config) {
  for (const MappingConfig& written : config.mappings) {
    auto checked = check_mapping(written);
    if (!checked) {
      TRY(settle(std::move(checked)));
      continue;
    }
    Mapping mapping;
    mapping.source = written.source;
    int sum = 0;
    for (const MappingDestination& destination : written.destinations) {
      if (!destination.cluster.empty()) continue;  // for servers of that cluster alone
      sum += destination.weight;
      auto transform =
          Transform::compile(written.source, destination.subject, Transform::Use::kMapping);
      mapping.destinations.push_back({std::move(*transform), sum});
    }
    if (subject::is_literal(mapping.source)) {
      plan.literal_mappings[mapping.source] = std::move(mapping);
      continue;
    }
    // nats-server's choice among overlapping sources varies from start to start; here the more
    // specific one is asked first, and of two that only overlap the first one written.
    const auto wider = std::ranges::find_if(plan.wildcard_mappings, [&](const Mapping& other) {
      return subject::is_subset(mapping.source, other.source);
    });
    plan.wildcard_mappings.insert(wider, std::move(mapping));
  }
  return {};
}

Result<void> check_mapping(const MappingConfig& config) {
  std::vector<std::pair<std::string_view, int>> sums;  // by cluster
  std::vector<std::string_view> seen;
  for (const MappingDestination& destination : config.destinations) {
    if (has(seen, destination.subject))
      return mapping_error(config, "duplicate entry for \"" + destination.subject + '"');
    seen.push_back(destination.subject);
    auto sum =
        std::ranges::find(sums, destination.cluster, &std::pair<std::string_view, int>::first);
    if (sum == sums.end()) sum = sums.insert(sums.end(), {destination.cluster, 0});
    sum->second += destination.weight;
    if (sum->second > 100) return mapping_error(config, "total weight needs to be <= 100");
    auto valid = subject::check_mapping_destination(destination.subject);
    if (valid) {
      auto compiled =
          Transform::compile(config.source, destination.subject, Transform::Use::kMapping);
      if (!compiled) valid = std::unexpected(std::move(compiled).error());
    }
    if (!valid) {
      return failure("Error adding mapping for \"" + config.source + "\" to \"" +
                         destination.subject + "\" : " + valid.error().text(),
                     ErrorCode::kInvalid);
    }
  }
  return {};
}

Result<std::shared_ptr<AccountPlans>> AccountPlans::resolve(std::span<const AccountConfig> configs,
                                                            Accounts& accounts,
                                                            std::vector<Error>* skipped) {
  return AccountResolver(configs, accounts, skipped).run();
}

}  // namespace midge::broker
