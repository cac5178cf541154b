// The text form below keys: what nkey.cc and xkey.cc share. Internal to this room.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/nkey.h"

namespace midge::crypto {

// The 32 bytes of a public key of this kind; nothing if the text is none.
std::optional<std::string> public_bytes(NkeyKind kind, std::string_view text);
// The 32 bytes of a seed of this kind; nothing if the text is none. The caller wipes them.
std::optional<std::string> seed_bytes(NkeyKind kind, std::string_view text);

}  // namespace midge::crypto
