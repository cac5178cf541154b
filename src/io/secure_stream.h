// A stream that begins plain and is encrypted from some point on, and what its handshake told.
//
// Life: attach() → what is written and read is plain → start_handshake() → nothing can be read or
// written until on_secured() or on_handshake_failed() → encrypted. A listener that waits for the
// client's first bytes calls await_first_bytes() before that, and may write meanwhile. Thread: its
// loop's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/time.h"
#include "io/stream.h"

namespace midge::io {

// A certificate that the peer presented.
struct PeerCertificate {
  std::string subject;      // as nats-server writes it: `CN=alice,O=Midge`
  std::string spki_sha256;  // lower-case hex, as pinned_certs has it
  std::string cert_sha256;
};

// What a handshake told of the peer.
struct SecurePeer {
  const char* version = "";                   // `1.3`
  const char* cipher = "";                    // IANA name
  bool verified = false;                      // a CA of ours vouches for its certificate
  std::vector<PeerCertificate> certificates;  // leaf first
  // Of the leaf, in the order that verify_and_map tries them: mail addresses, DNS names, URIs, the
  // subject as RFC 2253 has it, and in Go's order with its domain components behind it, without
  // them, and whole.
  std::vector<std::string> names;
  std::string subject;  // of the leaf, as RFC 2253 has it: one of the names
};

struct HandshakeFailure {
  std::string text;        // as nats-server says it: `tls: client didn't provide a certificate`
  std::string detail;      // a line for the debug log before it; often empty
  bool expected = false;   // nothing an operator has to know of: plain bytes, silence
  bool timed_out = false;  // the peer took too long
};

class HandshakeEvents {
 public:
  virtual ~HandshakeEvents() = default;
  // Answers await_first_bytes(). They are kept for the handshake, or for read().
  virtual void on_first_bytes(bool look_like_tls) = 0;
  virtual void on_silence() = 0;
  // Ends a handshake. The stream may be destroyed from within.
  virtual void on_secured() = 0;
  virtual void on_handshake_failed(const HandshakeFailure& failure) = 0;
};

class SecureStream : public Stream {
 public:
  // When the handshake begins, as the listener was configured.
  enum class Opening : std::uint8_t {
    kAfterGreeting,    // the server greets first, in the clear
    kFirst,            // before anything else
    kFirstOrGreeting,  // the same, but a client that stays silent is greeted
    kOptional,         // the server greets; a client may go on in the clear
    kFirstOrOptional,  // a client that stays silent is greeted, and may go on in the clear
    kThrottled,        // not at all: there are too many just now
  };
  [[nodiscard]] virtual Opening opening() const = 0;
  // Reports once: the first bytes, or silence if none came for as long as the listener allows.
  // After silence it may be called once more.
  virtual void await_first_bytes(HandshakeEvents& events) = 0;
  virtual void start_handshake(HandshakeEvents& events) = 0;
  // Null until the handshake is done.
  [[nodiscard]] virtual const SecurePeer* peer() const = 0;
  // The peer's certificates as PEM texts, leaf first. Costs a serialisation.
  [[nodiscard]] virtual std::vector<std::string> peer_chain_pem() const = 0;
};

}  // namespace midge::io
