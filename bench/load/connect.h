// What a client says first, for those who block (Socket) and those who do not (Joiner).
#pragma once

#include <string>

struct ssl_ctx_st;

namespace midge::load {

struct Login;

// The line, with its end.
std::string connect_frame(const Login& login);
// One for the process. It does not look at certificates, and every handshake is a whole one.
ssl_ctx_st* tls_context();

}  // namespace midge::load
