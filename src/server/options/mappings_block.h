// `mappings {}`, of the server or of an account.
#pragma once

#include <vector>

#include "broker/account_config.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"

namespace midge::server {

void read_mappings(const conf::Member& member, std::vector<broker::MappingConfig>& mappings,
                   Findings& findings);

}  // namespace midge::server
