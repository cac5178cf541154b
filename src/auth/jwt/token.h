// A NATS token: `header.claims.signature`, each base64 (raw-url), signed by the nkey it names as
// its issuer. Version 2 signs header and claims; version 1 signed the claims alone.
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "codec/json_tree.h"

namespace midge::auth::jwt {

// What all claims have.
struct Head {
  std::string audience, id, issuer, name, subject;
  std::int64_t expires = 0;  // seconds since 1970, as all times here; 0 = never
  std::int64_t issued_at = 0;
  std::int64_t not_before = 0;  // 0 = since ever
  std::vector<std::string> tags;
};

struct Token {
  Head head;
  int version = 2;
  std::string type;           // `user`, `account`, …
  codec::JsonValue document;  // all of the claims

  // The part that only this type of claim has.
  [[nodiscard]] const codec::JsonValue* body() const { return document.find("nats"); }
};

// Reads `text` and checks its signature: what comes back was said by head.issuer. Whether the
// issuer may say so, and when, is for others to decide.
Result<Token> open_token(std::string_view text);

// A token of version 2 from the JSON of its claims.
Result<std::string> seal_token(std::string_view claims_json, std::string_view issuer_seed);

// What makes a token's `jti`: a digest of its claims.
std::string claims_id(std::string_view claims_json);

}  // namespace midge::auth::jwt
