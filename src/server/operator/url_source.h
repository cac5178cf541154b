// Claims of accounts from a web server: GET of a URL with the account's key behind it.
// Thread: any; blocks, so the pool's.
#pragma once

#include <string>
#include <string_view>

#include "auth/jwt/account_store.h"
#include "io/clock.h"
#include "io/net.h"
#include "tls/context.h"

namespace midge::server {

class UrlSource final : public auth::jwt::AccountSource {
 public:
  // `net` and `clock` outlive it. `trust`: whom https believes; null = the machine's roots.
  UrlSource(std::string url, io::Net& net, io::Clock& clock, tls::ContextPtr trust);
  // "" asks for the base alone: whether there is somebody.
  Result<std::string> fetch(std::string_view account) override;

 private:
  std::string url_;  // with a slash at its end
  io::Net& net_;
  io::Clock& clock_;
  tls::ContextPtr trust_;
};

}  // namespace midge::server
