// Where all readers of the process read into: large enough for few calls, small enough for the
// cache.
#pragma once

#include <array>

namespace midge::load {

using Scratch = std::array<char, 256 * 1024>;

}  // namespace midge::load
