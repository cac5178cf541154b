// A `tls {}` block, read and checked: data, not yet loaded.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace midge::tls {

struct CertificateFiles {
  std::string cert_file;
  std::string key_file;

  bool operator==(const CertificateFiles&) const = default;
};

struct TlsConfig {
  std::vector<CertificateFiles> certificates;  // one, or several chosen by SNI
  std::string ca_file;
  bool verify = false;
  bool verify_and_map = false;
  bool verify_known_urls = false;  // verify_cert_and_check_known_urls
  bool insecure = false;
  Duration timeout = seconds(2);
  std::string min_version;           // "1.2", "1.3"; "" = 1.2
  std::vector<std::string> ciphers;  // IANA names; empty: the library's
  std::vector<std::string> curves;
  bool allow_insecure_ciphers = false;
  std::vector<std::string> pinned_certs;  // lower-case hex of SHA-256 of the SPKI
  std::int64_t connection_rate_limit = 0;
  bool handshake_first = false;
  // With handshake_first: INFO is sent after this long without a ClientHello; zero = never.
  Duration first_fallback{};

  bool operator==(const TlsConfig&) const = default;
};

}  // namespace midge::tls
