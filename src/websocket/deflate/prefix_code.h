// A canonical prefix code (RFC 1951 §3.2.2): frequent symbols get short codes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace midge::websocket {

struct Code {
  std::uint16_t bits = 0;  // in the order they are written
  std::uint8_t count = 0;
  std::uint8_t open = 0;  // how many more bits follow
};

// Codes of at most `longest` bits for all symbols that occur, and for two at least: a code of one
// symbol is something that not everybody reads. At most 288 symbols.
void make_code(std::span<const std::uint32_t> frequencies, unsigned longest, std::span<Code> codes);

// Sets the bits by the counts.
void number_codes(std::span<Code> codes);

}  // namespace midge::websocket
