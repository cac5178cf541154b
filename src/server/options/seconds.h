// Timeouts of blocks: a number of seconds, or a duration.
#pragma once

#include <optional>
#include <string_view>

#include "base/time.h"
#include "codec/conf/value.h"
#include "server/options/findings.h"

namespace midge::server {

// `block`: as error texts call it. Warns of more than a minute where the peer does: in
// `authorization`.
[[nodiscard]] std::optional<Duration> seconds_of(const conf::Member& member, std::string_view block,
                                                 Findings& findings);

}  // namespace midge::server
