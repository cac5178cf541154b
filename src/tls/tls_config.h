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

// How certificates of peers are asked after at their authority's responder.
struct OcspPeerRules {
  bool verify = false;
  Duration ca_timeout = seconds(2);
  Duration clock_skew = seconds(30);  // between the responder and us
  Duration unset_ttl = minutes(60);   // of an answer that does not say when it ends
  bool warn_only = false;             // whatever is found, the peer may come in
  bool unknown_is_good = false;
  bool allow_when_ca_unreachable = false;  // unless it is known to have been revoked

  bool operator==(const OcspPeerRules&) const = default;
};

struct TlsConfig {
  std::vector<CertificateFiles> certificates;  // one, or several chosen by SNI
  bool listed = false;                         // they came as a list, and errors count them
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
  OcspPeerRules ocsp_peer;

  bool operator==(const TlsConfig&) const = default;
};

}  // namespace midge::tls
