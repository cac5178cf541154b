// How OpenSSL gets at a session's bytes, and tells it of handshakes: a BIO over the session's
// buffers and wire, and the callbacks of contexts.
#pragma once

struct bio_st;
struct ssl_st;
struct ssl_ctx_st;

namespace midge::tls {

class Session;

// Owned by whoever takes it; the session outlives it.
bio_st* make_wire_bio(Session& session);

// Contexts whose sessions remember what clients offered and why certificates were refused.
void hook_handshakes(ssl_ctx_st* context);

}  // namespace midge::tls
