// Keys of tests: the same in each run.
#pragma once

#include <array>

#include "crypto/nkey.h"

namespace midge::auth::jwt {

inline crypto::NkeyPair test_key(crypto::NkeyKind kind, unsigned char number) {
  std::array<unsigned char, 32> entropy{};
  entropy.fill(number);
  return crypto::make_nkey(kind, entropy);
}

}  // namespace midge::auth::jwt
