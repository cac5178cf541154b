// Masks of frames (RFC 6455 §5.3): each byte is combined with one of four in turn.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace midge::websocket {

using Mask = std::array<std::uint8_t, 4>;

// Copies `size` bytes from `from` to `to`, masked or unmasked. They may overlap if `to` is not
// behind `from`.
void copy_masked(char* to, const char* from, std::size_t size, const Mask& mask);

// The mask for the bytes behind the first `count`.
[[nodiscard]] Mask rotated(const Mask& mask, std::size_t count);

}  // namespace midge::websocket
