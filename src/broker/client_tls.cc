// A client's TLS: when the handshake comes, what it came to.
#include <algorithm>

#include "broker/client.h"
#include "broker/worker.h"

namespace midge::broker {

void Client::open_secure(io::SecureStream& secure) {
  using Opening = io::SecureStream::Opening;
  switch (secure.opening()) {
    case Opening::kThrottled:
      send_info();
      return refuse("Connection throttling is active. Please try again later.",
                    CloseReason::kMaximumConnectionsExceeded);
    case Opening::kAfterGreeting:
      // The handshake starts once INFO is written.
      if (greet()) securing_ = Securing::kGreeting;
      return;
    case Opening::kFirst:
      tls_first_ = true;
      return start_handshake();
    case Opening::kFirstOrGreeting:
    case Opening::kFirstOrOptional:
      securing_ = Securing::kAwaiting;
      return secure.await_first_bytes(*this);
    case Opening::kOptional:
      if (greet()) await_choice(secure);
      return;
  }
}

void Client::await_choice(io::SecureStream& secure) {
  if (wait_for_proxy_header()) return;
  securing_ = Securing::kAwaiting;
  secure.await_first_bytes(*this);
}

void Client::start_handshake() {
  if (wait_for_proxy_header()) return;
  securing_ = Securing::kHandshake;
  debug("Starting TLS client connection handshake");
  stream_->secure()->start_handshake(*this);
}

// Whether a client may go on in the clear.
bool Client::may_be_plain() const {
  const auto opening = stream_->secure()->opening();
  return opening == io::SecureStream::Opening::kOptional ||
         opening == io::SecureStream::Opening::kFirstOrOptional;
}

void Client::on_first_bytes(bool look_like_tls) {
  if (closing_) return;
  if (may_be_plain() && !look_like_tls) {
    if (!greeted_ && !greet()) return;
    begin_session();
    return watch_stream();
  }
  tls_first_ = !greeted_;
  start_handshake();
}

void Client::on_silence() {
  if (closing_) return;
  if (!may_be_plain()) {
    if (greet()) securing_ = Securing::kGreeting;
  } else if (!greeted_) {
    if (greet()) await_choice(*stream_->secure());
  } else {
    begin_session();
    watch_stream();
  }
}

void Client::on_secured() {
  if (closing_) return;
  const io::SecurePeer& peer = *secure_peer();
  debug("TLS handshake complete");
  debug(std::string("TLS version ") + peer.version + ", cipher suite " + peer.cipher);
  last_input_ = worker_.now();
  if (tls_first_ && !greet()) return;
  begin_session();
  watch_stream();
}

void Client::on_handshake_failed(const io::HandshakeFailure& failure) {
  if (closing_) return;
  if (!failure.detail.empty()) debug(failure.detail);
  const std::string line = "TLS handshake error: " + failure.text;
  // What strangers and the impatient do is nothing that an operator has to look at.
  if (failure.expected)
    debug(line);
  else
    log_wrong(line);
  if (failure.timed_out) debug("TLS handshake timeout");
  close(CloseReason::kTlsHandshakeFailure);
}

const io::SecurePeer* Client::secure_peer() const {
  if (stream_ == nullptr || stream_->secure() == nullptr) return nullptr;
  return stream_->secure()->peer();
}

auth::TlsPeer Client::tls_peer() const {
  auth::TlsPeer told;
  const io::SecurePeer* peer = secure_peer();
  if (peer == nullptr) return told;
  told.encrypted = true;
  told.verified = peer->verified;
  told.version = peer->version;
  told.cipher = peer->cipher;
  told.names = peer->names;
  told.subject = peer->subject;
  if (!peer->certificates.empty()) told.chain_pem = stream_->secure()->peer_chain_pem();
  return told;
}

void Client::check_pinned() {
  const BrokerConfig& config = worker_.config();
  const std::vector<std::string>& pinned =
      is_web_socket() ? config.web_socket.pinned_certs : config.pinned_certs;
  const io::SecurePeer* peer = secure_peer();
  if (closing_ || pinned.empty() || peer == nullptr) return;
  const bool fits = !peer->certificates.empty() &&
                    std::ranges::find(pinned, peer->certificates[0].spki_sha256) != pinned.end();
  if (!fits) close(CloseReason::kTlsHandshakeFailure);
}

}  // namespace midge::broker
