// What a TLS handshake told of the peer. Filled by the server from its TLS stream.
#pragma once

#include <string>
#include <vector>

namespace midge::auth {

struct TlsPeer {
  bool encrypted = false;
  bool verified = false;  // it presented a certificate that a CA of ours vouches for
  std::string version;    // `1.3`
  std::string cipher;     // IANA name
  // Names to map to a user with verify_and_map, in the order they are tried.
  std::vector<std::string> names;
  std::string subject;                 // the one of them whose parts may come in any order
  std::vector<std::string> chain_pem;  // leaf first
};

}  // namespace midge::auth
