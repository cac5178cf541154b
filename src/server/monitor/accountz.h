// `/accountz`: which accounts there are, or all about one of them. Pure; any thread.
//
// What nats-server puts into every account for its own services is not there yet, and is not shown.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt/account_store.h"
#include "base/result.h"
#include "base/time.h"
#include "broker/account_config.h"
#include "codec/json_writer.h"
#include "server/monitor/gather.h"

namespace midge::server {

// An account as it is in force.
struct ListedAccount {
  broker::AccountConfig config;
  auth::jwt::AccountPtr record;  // in operator mode, the claim it was made from
};

struct Accountz {
  std::string server_id;
  WallTime now;
  WallTime updated;            // when the configuration was loaded
  std::string system_account;  // "" = none
  bool jetstream = false;      // the server has it
  // What the system account exports by itself, and all accounts import.
  std::vector<broker::DefaultService> services;
  std::vector<ListedAccount> accounts;
};

// Adds those that need no description: `$G` and the system account.
void add_implied_accounts(Accountz& accountz);

// `account`: of which details are asked for; "" = the list of all.
[[nodiscard]] inline Wanted wanted_for_account(std::string_view account) {
  return {.open = !account.empty(), .subscriptions = !account.empty()};
}

// Errors are the body of a 400; nothing is written then.
[[nodiscard]] Result<void> write_accountz(codec::JsonWriter& json, std::string_view account,
                                          const Accountz& accountz, const Parts& parts);
[[nodiscard]] Result<std::string> compose_accountz(std::string_view account,
                                                   const Accountz& accountz, const Parts& parts,
                                                   bool pretty = true);
// The details of one account alone.
[[nodiscard]] Result<std::string> compose_account(std::string_view account,
                                                  const Accountz& accountz, const Parts& parts);

}  // namespace midge::server
