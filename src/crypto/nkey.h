// NKeys: ed25519 keys in NATS' base32 text form, by libsodium.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "base/result.h"

namespace midge::crypto {

enum class NkeyKind : unsigned char { kServer, kUser, kAccount, kOperator, kCluster, kCurve };

struct NkeyPair {
  std::string public_key;  // 56 characters, `N…` for a server
  std::string seed;        // 58 characters, `SN…`
};

// A pair from 32 bytes of the caller's entropy.
NkeyPair make_nkey(NkeyKind kind, const std::array<unsigned char, 32>& entropy);
// Whether `text` is a well-formed public key of this kind (prefix and checksum).
bool is_public_nkey(NkeyKind kind, std::string_view text);
// Checks an ed25519 `signature` (64 bytes) of `message` by `public_key`. Errors: malformed key.
Result<bool> verify(std::string_view public_key, std::string_view message,
                    std::string_view signature);
// Whose seed it is. Errors: malformed seed.
Result<std::string> public_key_of(std::string_view seed);
// 64 bytes. Errors: malformed seed.
Result<std::string> sign(std::string_view seed, std::string_view message);

}  // namespace midge::crypto
