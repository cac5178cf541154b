// Claims of accounts from a web server: GET of a URL with the account's key behind it. Plain HTTP.
// Thread: any; blocks, so the pool's.
#pragma once

#include <string>
#include <string_view>

#include "auth/jwt/account_store.h"
#include "io/net.h"

namespace midge::server {

class UrlSource final : public auth::jwt::AccountSource {
 public:
  UrlSource(std::string url, io::Net& net);
  // "" asks for the base alone: whether there is somebody.
  Result<std::string> fetch(std::string_view account) override;

 private:
  std::string url_;  // with a slash at its end
  io::Net& net_;
};

// The body of an answer with status 200. Errors: the status, as `404 Not Found`.
Result<std::string> body_of_answer(std::string_view answer);

}  // namespace midge::server
