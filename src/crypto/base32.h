// Base32 (RFC 4648) in capitals without padding, as nkeys are written.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace midge::crypto {

std::string encode_base32(std::string_view bytes);
// Nothing if `text` has other characters. Bits beyond the last whole byte are dropped.
std::optional<std::string> decode_base32(std::string_view text);

}  // namespace midge::crypto
