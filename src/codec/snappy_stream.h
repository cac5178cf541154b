// Texts as a stream of Snappy's framing format, which readers of S2 take too:
//
//   0xff 06 00 00 "sNaPpY", then chunks of up to 64 KiB: type (1 byte), length of the rest (3,
//   little endian), masked CRC-32C of the plain bytes (4), and behind type 0 a Snappy block, behind
//   type 1 plain bytes
#pragma once

#include <string>
#include <string_view>

namespace midge::codec {

std::string write_snappy_stream(std::string_view bytes);

}  // namespace midge::codec
