// Messages from one curve key to another, as NATS' xkeys make them: `xkv1`, a nonce of 24 bytes,
// and a box (X25519, XSalsa20, Poly1305) by libsodium.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midge::crypto {

inline constexpr std::size_t kBoxNonceSize = 24;
using BoxNonce = std::array<unsigned char, kBoxNonceSize>;

// `nonce` must never be used twice between two keys: entropy of the caller. `seed`: `SX…`,
// `recipient`: `X…`. Errors: a malformed key.
Result<std::string> seal_box(std::string_view text, std::string_view seed,
                             std::string_view recipient, const BoxNonce& nonce);
// Errors, in the words of the official package: not a box, or not from `sender` to this seed.
Result<std::string> open_box(std::string_view sealed, std::string_view seed,
                             std::string_view sender);

}  // namespace midge::crypto
