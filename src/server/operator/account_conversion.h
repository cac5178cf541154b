// From claims of accounts to accounts as the broker knows them, by public key. Imports that their
// exporters do not let in are left out, each with a reason for the log. Pure functions; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "auth/jwt/account_store.h"
#include "base/time.h"
#include "broker/account_config.h"

namespace midge::server {

struct ConvertedAccounts {
  std::vector<broker::AccountConfig> accounts;  // in the order of the records
  std::vector<std::string> left_out;
  WallTime next_change{};  // when the first of the activations in use expires; zero = never
};

ConvertedAccounts convert_accounts(std::span<const auth::jwt::AccountPtr> records, WallTime now);

}  // namespace midge::server
