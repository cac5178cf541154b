// `exports [ … ]` and `imports [ … ]` of an account.
#pragma once

#include "broker/account_config.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"

namespace midge::server {

void read_exports(const conf::Member& member, broker::AccountConfig& account, Findings& findings);
void read_imports(const conf::Member& member, broker::AccountConfig& account, Findings& findings);

}  // namespace midge::server
