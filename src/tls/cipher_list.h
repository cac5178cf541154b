// Ciphers and curves by the names that configurations use, as OpenSSL wants them.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace midge::tls {

// For TLS 1.2: OpenSSL's list of these IANA names, or of what nats-server offers if there are none.
// TLS 1.3's suites are no choice, there as here: a list that names only those leaves TLS 1.2 none.
Result<std::string> cipher_list(const std::vector<std::string>& iana_names);
// The list of TLS 1.3's suites.
std::string tls13_suites();

// OpenSSL's list of groups; names it does not know (post-quantum hybrids) are left out.
Result<std::string> curve_list(const std::vector<std::string>& names);

}  // namespace midge::tls
