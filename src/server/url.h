// An http or https URL, taken apart. Pure functions; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "io/address.h"

namespace midge::server {

struct Url {
  bool secure = false;
  io::Address address;   // the port is the scheme's where none was given
  std::string host;      // as it was written, for Host: `[::1]:8080`
  std::string target;    // path and query, with a slash in front
  std::string userinfo;  // `name:password`; "" = none

  [[nodiscard]] std::string text() const;
};

// Errors: no URL, or one of another scheme. Blanks and control characters are refused.
Result<Url> parse_url(std::string_view text);

// Where `reference` (of a Location) leads from `base`.
Result<Url> resolve_url(const Url& base, std::string_view reference);

// The same URL with `xxxxx` for a password, fit for logs.
std::string redacted_url(std::string_view text);

}  // namespace midge::server
