// Arrays of users, in `authorization` and in accounts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "auth/auth_config.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"

namespace midge::server {

// `account`: that the users are of; "" = `$G`.
[[nodiscard]] std::vector<auth::UserConfig> read_users(const conf::Member& member,
                                                       const std::string& account,
                                                       Findings& findings);

// Users without permissions of their own get those that are the default where they stand.
void apply_default_permissions(std::vector<auth::UserConfig>& users,
                               const std::optional<auth::PermissionsConfig>& permissions);

// `Duplicate user "x" detected`: names and nkeys are unique among all accounts. Users are told
// once for each block.
void check_duplicate_users(const conf::Document& document, Findings& findings);

}  // namespace midge::server
