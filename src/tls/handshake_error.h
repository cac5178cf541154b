// Why a handshake failed, in the words that nats-server logs.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/time.h"

struct stack_st_X509;
struct x509_st;

namespace midge::tls {

// The oldest error of this thread's OpenSSL queue, as text; the queue is empty after it.
// `refusal`: what refused_certificate() said, if it was asked. `offered_versions`: of the client.
std::string handshake_error(std::string_view refusal, std::string_view offered_versions);

// Why a peer's certificate does not do; `error` is OpenSSL's X509_V_ERR_…, `presented` all that the
// peer sent, null = it is not to be shown.
std::string refused_certificate(int error, x509_st* certificate, stack_st_X509* presented,
                                WallTime now);

}  // namespace midge::tls
