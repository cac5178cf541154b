// The tree as the JSON text that nats-server takes its configuration digest of: keys sorted,
// strings escaped as Go's encoding/json does, a newline at the end. Formatting and comments do not
// show.
#pragma once

#include <string>

#include "codec/conf/value.h"

namespace midge::conf {

[[nodiscard]] std::string canonical_json(const Value& value);

}  // namespace midge::conf
