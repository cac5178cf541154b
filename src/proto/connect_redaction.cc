// redact_connect(), declared in connect_options.h.
#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "codec/json_fields.h"
#include "proto/connect_options.h"

namespace midge::proto {
namespace {

constexpr std::string_view kRedacted = "[REDACTED]";

// Whether the quoted `name` is that of a secret. The peer reads names without regard to case, and
// they may be spelled with escapes or with letters that fold to ASCII: such a name counts as
// secret.
bool names_secret(std::string_view name) {
  // The peer shows `jwt`; a bearer's needs no key to be used.
  constexpr std::array<std::string_view, 6> kSecrets = {"pass", "auth_token", "nkey",
                                                        "sig",  "proxy_sig",  "jwt"};
  std::string lower;
  for (const char letter : name) {
    if (letter == '\\' || static_cast<unsigned char>(letter) >= 0x80) return true;
    lower += ascii_lower(letter);
  }
  return std::find(kSecrets.begin(), kSecrets.end(), lower) != kSecrets.end();
}

// The end of the string that starts with the quote at `start`, its closing quote included.
std::size_t string_end(std::string_view json, std::size_t start) {
  std::size_t at = start + 1;
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
  return std::min(at + 1, json.size());
}

std::size_t skip_space(std::string_view json, std::size_t at) {
  return std::min(json.find_first_not_of(" \t\r\n", at), json.size());
}

// The end of the value at `start`: a string, a nested value, or a literal.
std::size_t value_end(std::string_view json, std::size_t start) {
  unsigned depth = 0;
  std::size_t at = start;
  while (at < json.size()) {
    const char letter = json[at];
    if (letter == '"') {
      at = string_end(json, at);
      if (depth == 0) return at;
      continue;
    }
    if (letter == '{' || letter == '[') ++depth;
    if (letter == '}' || letter == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    }
    if (letter == ',' && depth == 0) return at;
    ++at;
  }
  return at;
}

}  // namespace

std::string redact_connect(std::string_view json) {
  // What is not JSON may hold secrets anywhere.
  if (!codec::JsonFields().read(json)) return std::string(kRedacted);
  std::string redacted;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < json.size();) {
    if (json[at] != '"') {
      ++at;
      continue;
    }
    const std::size_t name_end = string_end(json, at);
    const std::string_view name = json.substr(at + 1, name_end - at - 2);
    const std::size_t colon = skip_space(json, name_end);
    at = name_end;
    if (colon == json.size() || json[colon] != ':') continue;
    if (!names_secret(name)) continue;
    const std::size_t value = skip_space(json, colon + 1);
    at = value_end(json, value);
    const bool quoted = json[value] == '"';
    redacted.append(json.substr(copied, value - copied));
    redacted.append(quoted ? "\"" : "").append(kRedacted).append(quoted ? "\"" : "");
    copied = at;
  }
  return redacted.append(json.substr(copied));
}

}  // namespace midge::proto
