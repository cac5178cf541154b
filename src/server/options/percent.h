#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace midge::server {

// The number in `20`, `+20` or `20%`; nothing if there is none. `digits` becomes the text without
// the percent sign, which is what errors name.
std::optional<std::int64_t> percent_in(std::string_view text, std::string_view& digits);

}  // namespace midge::server
