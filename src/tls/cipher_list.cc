#include "tls/cipher_list.h"

#include <array>
#include <string_view>
#include <utility>

#include <openssl/ssl.h>

namespace midge::tls {
namespace {

constexpr std::string_view kPreset =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA:ECDHE-RSA-AES256-SHA";

// Those of the names that this OpenSSL has no cipher for any more, or that name a suite of 1.3.
bool is_tls13(std::string_view name) {
  return name == "TLS_AES_128_GCM_SHA256" || name == "TLS_AES_256_GCM_SHA384" ||
         name == "TLS_CHACHA20_POLY1305_SHA256";
}

// Go's names that differ from IANA's.
std::string iana_name(const std::string& name) {
  if (name.ends_with("_CHACHA20_POLY1305")) return name + "_SHA256";
  return name;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kCurves = {{
    {"CurveP256", "P-256"},
    {"CurveP384", "P-384"},
    {"CurveP521", "P-521"},
    {"X25519", "X25519"},
}};

void append(std::string& list, std::string_view name) {
  if (!list.empty()) list += ':';
  list += name;
}

}  // namespace

std::string tls13_suites() {
  return "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
}

Result<std::string> cipher_list(const std::vector<std::string>& iana_names) {
  if (iana_names.empty()) return std::string(kPreset);
  std::string list;
  for (const std::string& name : iana_names) {
    if (is_tls13(name)) continue;
    const char* known = OPENSSL_cipher_name(iana_name(name).c_str());
    // Ciphers that OpenSSL was built without (RC4, 3DES) were refused or allowed by name before:
    // they are not to be had here, but the rest of the list is.
    if (known != nullptr && std::string_view(known) != "(NONE)") append(list, known);
  }
  return list;
}

Result<std::string> curve_list(const std::vector<std::string>& names) {
  std::string list, wanted;
  for (const std::string& name : names) {
    wanted += (wanted.empty() ? "" : ", ") + name;
    for (const auto& [go, openssl] : kCurves)
      if (name == go) append(list, openssl);
  }
  if (list.empty() && !names.empty())
    return failure("curve preferences: this build's OpenSSL has none of " + wanted);
  if (list.empty()) return std::string("X25519:P-256:P-384:P-521");
  return list;
}

}  // namespace midge::tls
