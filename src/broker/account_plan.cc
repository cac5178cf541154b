#include "broker/account_plan.h"

#include <algorithm>

#include "subject/subject.h"

namespace midge::broker {

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

std::string ServiceUse::remote(std::string_view published) const {
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

Result<void> check_accounts(std::span<const AccountConfig> configs) {
  Accounts accounts;
  TRY(AccountPlans::resolve(configs, accounts, nullptr));
  return {};
}

}  // namespace midge::broker
