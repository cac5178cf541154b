// Base64 (RFC 4648) in the two alphabets NATS uses, decoding what Go's decoders accept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace midge::codec {

enum class Base64 : std::uint8_t {
  kStd,     // `+` and `/`, padded with `=`
  kRawUrl,  // `-` and `_`, never padded
};

// Bits of the last letter that belong to no byte.
enum class SpareBits : std::uint8_t {
  kIgnored,     // as Go's encodings do unless told otherwise
  kMustBeZero,  // only one text per value
};

std::string encode_base64(Base64 alphabet, std::string_view bytes);
// Nothing if `text` is malformed. Line ends (CR and LF) are skipped wherever they are.
std::optional<std::string> decode_base64(Base64 alphabet, std::string_view text,
                                         SpareBits spare = SpareBits::kIgnored);

}  // namespace midge::codec
