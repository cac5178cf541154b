// The JSON of CONNECT, read as Go reads it: names without regard to case, the last duplicate wins,
// unknown fields and invalid UTF-8 are accepted, wrong types are errors.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace midge::proto {

struct ConnectOptions {
  bool verbose = true;
  bool pedantic = true;
  bool echo = true;
  bool headers = false;
  bool no_responders = false;
  bool tls_required = false;
  int protocol = 0;
  bool new_account = false;
  std::string account;
  std::string user, pass, auth_token, nkey, sig, jwt, proxy_sig;
  std::string name, lang, version;
};

// Overlays what `json` holds on `options` (a second CONNECT keeps what it does not name).
// On error `options` may be partly changed; the connection closes anyway.
Result<void> parse_connect(std::string_view json, ConnectOptions& options);

// `json` with the values of secrets replaced, for the trace log: `[REDACTED]`.
std::string redact_connect(std::string_view json);

}  // namespace midge::proto
