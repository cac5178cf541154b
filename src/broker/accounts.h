// The accounts of this server: their names and ids, and who is in. An id is never given away again.
// What an account may and what it imports is account_plan.h.
//
// Thread: any; loops ask by id, sessions that log in ask by name.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"

namespace midge::broker {

inline constexpr AccountId kSystemAccount{1};  // `$SYS`, whatever it is called

class Accounts {
 public:
  Accounts();
  ~Accounts();
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;

  // Before all else: what the system account is called.
  void name_system_account(std::string_view name);

  // The id for `name`, made when first asked for.
  AccountId add(std::string_view name);
  [[nodiscard]] std::optional<AccountId> find(std::string_view name) const;
  // Lives as long as this.
  [[nodiscard]] const std::string& name(AccountId id) const;

  // A session logs in to `id`; false if `max` sessions (below 0: any number) are in already.
  bool enter(AccountId id, std::int64_t max);
  void leave(AccountId id);
  // Sessions that are in now.
  [[nodiscard]] std::int64_t connections(AccountId id) const;
  // Accounts with sessions in them.
  [[nodiscard]] std::size_t active() const;
  [[nodiscard]] std::vector<std::string> active_names() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace midge::broker
