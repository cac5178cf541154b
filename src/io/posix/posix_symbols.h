// What code this process has loaded, and what its functions are called. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/profiler.h"

namespace midge::io {

std::vector<CodeRange> loaded_code();
// By the executable's symbol table, and by what shared libraries export; "" = not known.
std::vector<std::string> function_names(const std::vector<std::uint64_t>& addresses);

}  // namespace midge::io
