// Why a server's certificate is not of whom one wanted to talk to, in Go's words. Pure; any thread.
#pragma once

#include <string>

struct ssl_st;
struct x509_st;

namespace midge::tls {

// `ssl` knows who was wanted: a name, or an address.
std::string mismatched_name(const ssl_st* ssl, x509_st* certificate);

}  // namespace midge::tls
