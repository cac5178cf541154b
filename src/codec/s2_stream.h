// Streams of S2, Snappy's successor, as nats-server writes them: reading all of the format, and
// writing it without compression, which every reader takes.
//
//   chunk: type (1 byte), length of the rest (3, little endian), rest
//   0xff  "S2sTwO" or "sNaPpY": begins a stream
//   0x00  checksum (4), compressed block      0x01  checksum (4), plain bytes
//   0x80 and above: to be skipped             else: unknown
//
// The checksum is CRC-32C of the plain bytes, turned and shifted.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midge::codec {

std::string write_s2_stream(std::string_view bytes);

// Errors: malformed, damaged, or more than `size_max` bytes.
Result<std::string> read_s2_stream(std::string_view stream, std::size_t size_max);

}  // namespace midge::codec
