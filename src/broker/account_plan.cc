#include "broker/account_plan.h"

#include <algorithm>

#include "subject/subject.h"
#include "subject/tokens.h"

namespace midge::broker {

namespace {

// The subjects that both patterns match, which have some in common.
std::string intersection(std::string_view left, std::string_view right) {
  subject::Tokens lefts(left);
  subject::Tokens rights(right);
  std::string common;
  while (!lefts.done() && !rights.done()) {
    const std::string_view a = lefts.take();
    const std::string_view b = rights.take();
    if (!common.empty()) common += '.';
    if (a == subject::kTail || b == subject::kTail) {
      subject::Tokens& rest = a == subject::kTail ? rights : lefts;
      common += a == subject::kTail ? b : a;
      while (!rest.done()) common.append(".").append(rest.take());
      return common;
    }
    common += a == subject::kStar ? b : a;
  }
  return common;
}

}  // namespace

std::string StreamUse::local(std::string_view published) const {
  if (!fixed.empty()) return fixed;
  std::string result = prefix;
  if (transform) {
    transform->apply(published, 0, result);
  } else {
    result += published;
  }
  return result;
}

std::string StreamUse::taken_by(std::string_view subscription) const {
  if (!fixed.empty() || (transform && !back)) return subject;
  const std::string taken = intersection(pattern, subscription);
  if (!back) return taken.substr(prefix.size());
  std::string result;
  back->apply(taken, 0, result);
  return result;
}

std::string ServiceUse::remote(std::string_view published, std::string_view importer) const {
  if (names_importer) {
    const std::size_t star = fixed.find(subject::kStar);
    return fixed.substr(0, star).append(importer).append(fixed, star + 1);
  }
  if (!fixed.empty()) return fixed;
  if (!transform) return std::string(published);
  std::string result;
  transform->apply(published, 0, result);
  return result;
}

const subject::Transform* Mapping::choose(std::uint64_t draw) const {
  const int point = static_cast<int>((draw >> 16) % 100);
  for (const Destination& destination : destinations)
    if (point < destination.weight_sum) return &destination.transform;
  return nullptr;
}

const Mapping* AccountPlan::mapping_for(std::string_view subject) const {
  if (!literal_mappings.empty()) {
    const auto found = literal_mappings.find(std::string(subject));
    if (found != literal_mappings.end()) return &found->second;
  }
  for (const Mapping& mapping : wildcard_mappings)
    if (subject::matches(subject, mapping.source)) return &mapping;
  return nullptr;
}

bool AccountPlan::concerns(std::string_view subject) const {
  const auto streamed = [subject](const StreamUse& use) {
    return subject::matches(subject, use.subject);
  };
  const auto served = [subject](const ServiceUse& use) {
    return subject::matches(subject, use.local);
  };
  return std::ranges::any_of(stream_uses, streamed) || std::ranges::any_of(service_uses, served) ||
         mapping_for(subject) != nullptr;
}

void AccountPlans::import_everywhere(std::span<const DefaultService> services) {
  for (const DefaultService& service : services) {
    ServiceUse& use = default_services_.emplace_back();
    use.exporter = kSystemAccount;
    use.local = service.local;
    use.fixed = service.subject;
    use.names_importer = use.fixed.find(subject::kStar) != std::string::npos;
    use.response = service.response;
    use.share = service.share;
  }
}

const ServiceUse* AccountPlans::default_service(AccountId account, std::string_view subject) const {
  if (!subject.starts_with("$SYS.") || account == kSystemAccount) return nullptr;
  const auto found = std::ranges::find(default_services_, subject, &ServiceUse::local);
  const AccountPlan* plan = find(account);
  if (found == default_services_.end() || plan == nullptr) return nullptr;
  const auto is_same = [&](const ServiceUse& use) {
    return use.exporter == kSystemAccount && use.local == subject;
  };
  return std::ranges::any_of(plan->service_uses, is_same) ? nullptr : &*found;
}

bool AccountPlans::asks(AccountId asker, AccountId provider) const {
  if (provider == kSystemAccount) return true;  // as all accounts do
  std::vector<AccountId> reached{asker};
  for (std::size_t i = 0; i < reached.size(); ++i) {
    const AccountPlan* plan = find(reached[i]);
    if (plan == nullptr) continue;
    for (const ServiceUse& use : plan->service_uses) {
      if (use.exporter == provider) return true;
      if (std::ranges::find(reached, use.exporter) == reached.end())
        reached.push_back(use.exporter);
    }
  }
  return false;
}

Result<void> check_accounts(std::span<const AccountConfig> configs) {
  Accounts accounts;
  TRY(AccountPlans::resolve(configs, accounts, nullptr));
  return {};
}

}  // namespace midge::broker
