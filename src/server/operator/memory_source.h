// The claims that `resolver_preload` lists; what is pushed later stays in the store alone.
#pragma once

#include <map>
#include <string>

#include "auth/jwt/account_store.h"
#include "auth/resolver_config.h"

namespace midge::server {

class MemorySource final : public auth::jwt::AccountSource {
 public:
  explicit MemorySource(const auth::PreloadedClaims& preloaded)
      : tokens_(preloaded.begin(), preloaded.end()) {}

  Result<std::string> fetch(std::string_view account) override {
    const auto found = tokens_.find(account);
    if (found == tokens_.end()) return failure("account missing", ErrorCode::kNotFound);
    return found->second;
  }

 private:
  std::map<std::string, std::string, std::less<>> tokens_;
};

}  // namespace midge::server
