// An authority, and certificates of it for a server and a client of the loopback.
#pragma once

#include <string>

namespace midge::test {

// `ca.pem`, `server.pem`, `server.key`, `client.pem` and `client.key` in that folder.
void make_certificates(const std::string& folder);

}  // namespace midge::test
