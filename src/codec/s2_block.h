// One compressed block of S2 or Snappy.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace midge::codec {

// Appends the plain bytes to `plain`; false: the block is malformed, or has more than `room` bytes.
// Then nothing was appended.
bool read_s2_block(std::string_view block, std::size_t room, std::string& plain);

// In place of what `block` had. Snappy's readers take it too.
void write_s2_block(std::string_view plain, std::string& block);

}  // namespace midge::codec
