#include "broker/accounts.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <mutex>

#include <tsl/robin_map.h>

#include "base/check.h"

namespace midge::broker {

struct Accounts::State {
  mutable std::mutex mutex;
  // By id; deques, so that names and counters stay where they are.
  std::deque<std::string> names;
  std::deque<std::atomic<std::int64_t>> connections;

  std::atomic<std::int64_t>& counter(AccountId id) {
    const std::lock_guard lock(mutex);
    return connections.at(id.value);
  }
  tsl::robin_map<std::string, AccountId> ids;
};

Accounts::Accounts() : state_(std::make_unique<State>()) {
  add("$G");
  ENSURE(add("$SYS") == kSystemAccount, "the first ids are fixed");
}

Accounts::~Accounts() = default;

void Accounts::name_system_account(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  std::string& known = state_->names.at(kSystemAccount.value);
  state_->ids.erase(known);
  known = name;
  state_->ids[known] = kSystemAccount;
}

AccountId Accounts::add(std::string_view name) {
  const std::lock_guard lock(state_->mutex);
  const AccountId next{static_cast<std::uint32_t>(state_->names.size())};
  const auto [found, is_new] = state_->ids.try_emplace(std::string(name), next);
  if (is_new) {
    state_->names.emplace_back(name);
    state_->connections.emplace_back(0);
  }
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

bool Accounts::enter(AccountId id, std::int64_t max) {
  std::atomic<std::int64_t>& counter = state_->counter(id);
  if (counter.fetch_add(1, std::memory_order_relaxed) < max || max < 0) return true;
  counter.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void Accounts::leave(AccountId id) { state_->counter(id).fetch_sub(1, std::memory_order_relaxed); }

std::int64_t Accounts::connections(AccountId id) const {
  return state_->counter(id).load(std::memory_order_relaxed);
}

std::vector<std::string> Accounts::active_names() const {
  const std::lock_guard lock(state_->mutex);
  std::vector<std::string> names;
  for (std::size_t id = 0; id < state_->names.size(); ++id)
    if (state_->connections[id].load(std::memory_order_relaxed) > 0)
      names.push_back(state_->names[id]);
  return names;
}

std::size_t Accounts::active() const {
  const std::lock_guard lock(state_->mutex);
  return static_cast<std::size_t>(
      std::ranges::count_if(state_->connections, [](const std::atomic<std::int64_t>& count) {
        return count.load(std::memory_order_relaxed) > 0;
      }));
}

}  // namespace midge::broker
