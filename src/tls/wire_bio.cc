#include "tls/wire_bio.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <string>

#include "tls/handshake_error.h"
#include "tls/name_mismatch.h"
#include "tls/openssl_ptr.h"
#include "tls/session.h"

namespace midge::tls {

// The methods of the BIO. During the handshake there are buffers only; after it bytes go straight
// between the wire and OpenSSL's own buffers.
struct WireBio {
  static Session& session(BIO* bio) { return *static_cast<Session*>(BIO_get_data(bio)); }

  static int read(BIO* bio, char* into, std::size_t size, std::size_t* count) {
    Session& s = session(bio);
    BIO_clear_retry_flags(bio);
    if (s.input_at_ < s.input_end_) {
      *count = std::min(size, s.input_end_ - s.input_at_);
      std::memcpy(into, s.input_.data() + s.input_at_, *count);
      s.input_at_ += *count;
      if (s.wire_ != nullptr && s.input_at_ == s.input_.size()) {
        s.input_ = {};
        s.input_at_ = s.input_end_ = 0;
      }
      return 1;
    }
    if (s.wire_ == nullptr || s.drained_) {
      BIO_set_retry_read(bio);
      return 0;
    }
    const io::IoCount got = s.wire_->read({into, size});
    switch (got.status) {
      case io::IoCount::Status::kOk:
        // A short read emptied the wire: asking again would cost a call of the system.
        s.drained_ = got.bytes < size;
        *count = got.bytes;
        return 1;
      case io::IoCount::Status::kWouldBlock:
        s.drained_ = true;
        BIO_set_retry_read(bio);
        return 0;
      case io::IoCount::Status::kEnd:
        s.ended_ = true;
        return 0;
      case io::IoCount::Status::kError:
        s.wire_error_ = got.error;
        return 0;
    }
    return 0;
  }

  // Always takes all: what the wire does not take waits in the session's output.
  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* count) {
    Session& s = session(bio);
    BIO_clear_retry_flags(bio);
    std::size_t done = 0;
    if (s.wire_ != nullptr && !s.has_output()) {
      const io::Slice all{from, size};
      const io::IoCount put = s.wire_->write({&all, 1});
      if (put.status == io::IoCount::Status::kError || put.status == io::IoCount::Status::kEnd) {
        s.wire_error_ = put.error == 0 ? EPIPE : put.error;
        return 0;
      }
      done = put.bytes;
    }
    s.output_.append(from + done, size - done);
    *count = size;
    return 1;
  }

  static long control(BIO* bio, int command, long, void*) {
    switch (command) {
      case BIO_CTRL_FLUSH:
        return 1;
      case BIO_CTRL_EOF:
        return session(bio).ended_ ? 1 : 0;
      default:
        return 0;
    }
  }

  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static const BIO_METHOD* method() {
    static const BIO_METHOD* const kMethod = [] {
      BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "midge wire");
      BIO_meth_set_read_ex(made, &WireBio::read);
      BIO_meth_set_write_ex(made, &WireBio::write);
      BIO_meth_set_ctrl(made, &WireBio::control);
      BIO_meth_set_create(made, &WireBio::create);
      return made;
    }();
    return kMethod;
  }
};

BIO* make_wire_bio(Session& session) {
  BIO* bio = BIO_new(WireBio::method());
  BIO_set_data(bio, &session);
  return bio;
}

struct HandshakeHooks {
  static Session& session(SSL* ssl) { return *static_cast<Session*>(SSL_get_app_data(ssl)); }

  static void note_version(std::string& list, unsigned version) {
    std::array<char, 8> text;
    BIO_snprintf(text.data(), text.size(), "%x", version);
    if (!list.empty()) list += ' ';
    list += text.data();
  }

  // Remembers the versions on offer, for the log line of a client that is too old.
  static int on_client_hello(SSL* ssl, int*, void*) {
    std::string& list = session(ssl).handshake_->offered_versions;
    list.clear();
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    constexpr unsigned kSupportedVersions = 43;
    if (SSL_client_hello_get0_ext(ssl, kSupportedVersions, &data, &size) == 1) {
      for (std::size_t i = 1; i + 1 < size; i += 2)
        note_version(list, (unsigned{data[i]} << 8) | data[i + 1]);
    } else {
      // Without the extension a client offers this version and all before it, down to TLS 1.0.
      for (unsigned version = SSL_client_hello_get0_legacy_version(ssl); version >= TLS1_VERSION;
           --version)
        if (version <= TLS1_2_VERSION) note_version(list, version);
    }
    return SSL_CLIENT_HELLO_SUCCESS;
  }

  static int on_verify(X509_STORE_CTX* store, void*) {
    const int ok = X509_verify_cert(store);
    auto* ssl =
        static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
    Session::Handshake& handshake = *session(ssl).handshake_;
    if (ok == 1) {
      const OcspPeerCheck* check = handshake.context->peer_check();
      if (check == nullptr || check->accepts(X509_STORE_CTX_get0_chain(store), handshake.now))
        return 1;
      handshake.rejection = OcspPeerCheck::kRejection;
      X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
      return 0;
    }
    const int error = X509_STORE_CTX_get_error(store);
    X509* certificate = X509_STORE_CTX_get0_cert(store);
    const bool is_server = SSL_is_server(ssl) != 0;
    // A server's log shows who came; a client knows whom it asked.
    if (error == X509_V_ERR_HOSTNAME_MISMATCH || error == X509_V_ERR_IP_ADDRESS_MISMATCH)
      handshake.refusal = "x509: " + mismatched_name(ssl, certificate);
    else
      handshake.refusal = refused_certificate(
          error, certificate, is_server ? X509_STORE_CTX_get0_untrusted(store) : nullptr,
          handshake.now);
    return ok;
  }
};

void hook_handshakes(SSL_CTX* context) {
  SSL_CTX_set_client_hello_cb(context, &HandshakeHooks::on_client_hello, nullptr);
  SSL_CTX_set_cert_verify_callback(context, &HandshakeHooks::on_verify, nullptr);
}

}  // namespace midge::tls
