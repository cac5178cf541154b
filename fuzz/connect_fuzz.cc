// Goal: no CONNECT crashes the reader, reading is repeatable, and redaction hides every secret of a
// CONNECT that can be read and leaves the rest readable.
// Input: the JSON.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "proto/client_info.h"
#include "proto/connect_options.h"

namespace {

using namespace midge::proto;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view json(reinterpret_cast<const char*>(data), size);
  is_client_info(json);
  ConnectOptions options;
  const bool read = parse_connect(json, options).has_value();
  const std::string traced = redact_connect(json);
  if (!read) return 0;

  ConnectOptions shown;
  if (!parse_connect(traced, shown)) return 0;  // a null became a bare [REDACTED]
  for (const std::string* secret :
       {&shown.pass, &shown.auth_token, &shown.nkey, &shown.sig, &shown.proxy_sig, &shown.jwt})
    require(secret->empty() || *secret == "[REDACTED]", "a secret is shown");
  require(shown.verbose == options.verbose && shown.protocol == options.protocol,
          "redaction changed what is no secret");
  return 0;
}
