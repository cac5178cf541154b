// `accounts {}`, `system_account`, and the server's own `mappings {}`: they make an account `$G`.
#pragma once

#include "codec/conf/value.h"
#include "server/options/findings.h"
#include "server/options/options.h"

namespace midge::server {

void read_accounts(const conf::Member& member, Options& options, Findings& findings);
void read_system_account(const conf::Member& member, Options& options, Findings& findings);
void read_global_mappings(const conf::Member& member, Options& options, Findings& findings);

}  // namespace midge::server
