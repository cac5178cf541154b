// Proofs that come in CONNECT: signatures of the nonce, by users and by proxies. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/authenticator.h"

namespace midge::auth {

// Signatures come in either alphabet; the URL's is tried first.
std::optional<std::string> decode_signature(std::string_view text);

bool has_signed(std::string_view nkey, std::string_view nonce, std::string_view signature);

// The trusted proxy that a login came through; "" = none vouches for it. A refusal: one tried to,
// and is not among `trusted`.
struct ProxyProof {
  std::string proxy;
  std::optional<Refused> refusal;
};
ProxyProof prove_proxy(const LoginRequest& request, const std::vector<std::string>& trusted);

}  // namespace midge::auth
