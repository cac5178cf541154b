// The accounts of this server: their names and ids. An id is never given away again.
//
// Thread: any; loops ask by id, sessions that log in ask by name.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace midge::broker {

inline constexpr AccountId kSystemAccount{1};  // `$SYS`, whatever it is called

class Accounts {
 public:
  Accounts();
  ~Accounts();
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;

  // The id for `name`, made when first asked for.
  AccountId add(std::string_view name);
  [[nodiscard]] std::optional<AccountId> find(std::string_view name) const;
  // Lives as long as this.
  [[nodiscard]] const std::string& name(AccountId id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace midge::broker
