// Which Midge this is.
#pragma once

#include <string_view>

#pragma GCC visibility push(default)

namespace midge {

// Semantic: `major.minor.patch`. What differs in the first two is not exchanged at run time.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace midge

#pragma GCC visibility pop
