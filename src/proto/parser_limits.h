// The configured bounds of a frame.
#pragma once

#include <cstdint>

namespace midge::proto {

// What bounds a frame. Shared by all connections of a loop; replaced at reload.
struct ParserLimits {
  std::uint32_t max_control_line = 4096;
  std::int64_t max_payload = 1024 * 1024;  // < 0 = unlimited
};

}  // namespace midge::proto
