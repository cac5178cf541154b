// `permissions {}` of a user, and `default_permissions {}` of many.
#pragma once

#include <optional>

#include "auth/permissions_config.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"

namespace midge::server {

[[nodiscard]] std::optional<auth::PermissionsConfig> read_permissions(const conf::Member& member,
                                                                      Findings& findings);

}  // namespace midge::server
