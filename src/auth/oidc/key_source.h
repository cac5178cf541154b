// Where an issuer's keys come from. Any thread; answers at once from what is there.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "auth/oidc/jwk_set.h"

namespace midge::auth::oidc {

struct KeyAnswer {
  JwkSetPtr keys;  // holds one of that name; null = none does
  // It is being asked for: ask again soon.
  bool is_pending = false;
  std::string why;  // null, and not pending: why there is none
};

class KeySource {
 public:
  virtual ~KeySource() = default;
  // The keys, if one is called `id` ("" = any) and is for `algorithm`.
  virtual KeyAnswer find(std::string_view id, const crypto::SignatureAlgorithm& algorithm) = 0;
};

using KeySourcePtr = std::shared_ptr<KeySource>;

}  // namespace midge::auth::oidc
