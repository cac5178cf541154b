// How the options' texts quote what the user wrote.
#pragma once

#include "codec/go_quoted.h"

namespace midge::server {

[[nodiscard]] inline std::string quoted(std::string_view text) { return codec::go_quoted(text); }

}  // namespace midge::server
