#include "broker/accounts.h"

#include <deque>
#include <mutex>

#include <tsl/robin_map.h>

#include "base/check.h"

namespace midge::broker {

struct Accounts::State {
  mutable std::mutex mutex;
  std::deque<std::string> names;  // by id; a deque, so that names stay where they are
  tsl::robin_map<std::string, AccountId> ids;
};

Accounts::Accounts() : state_(std::make_unique<State>()) {
  add("$G");
  ENSURE(add("$SYS") == kSystemAccount, "the first ids are fixed");
}

Accounts::~Accounts() = default;

AccountId Accounts::add(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  const AccountId next{static_cast<std::uint32_t>(state_->names.size())};
  const auto [found, is_new] = state_->ids.try_emplace(std::string(name), next);
  if (is_new) state_->names.emplace_back(name);
  return found->second;
}

std::optional<AccountId> Accounts::find(std::string_view name) const {
  const std::lock_guard lock(state_->mutex);
  const auto found = state_->ids.find(std::string(name));
  if (found == state_->ids.end()) return std::nullopt;
  return found->second;
}

const std::string& Accounts::name(AccountId id) const {
  const std::lock_guard lock(state_->mutex);
  return state_->names.at(id.value);
}

}  // namespace midge::broker
