#include "tls/context.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <openssl/err.h>

#include "tls/certificate.h"
#include "tls/cipher_list.h"
#include "tls/openssl_ptr.h"
#include "tls/session.h"
#include "tls/wire_bio.h"

namespace midge::tls {
namespace {

// An encrypted key has nobody to ask for its passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

BioPtr reader_of(const std::string& text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

std::vector<X509Ptr> read_certificates(const std::string& pem) {
  std::vector<X509Ptr> found;
  const BioPtr reader = reader_of(pem);
  while (X509* one = PEM_read_bio_X509(reader.get(), nullptr, &no_passphrase, nullptr))
    found.emplace_back(one);
  ERR_clear_error();
  return found;
}

std::string last_error() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return text == nullptr ? "unknown error" : text;
}

int version_number(const std::string& text) {
  return text == "1.3" ? TLS1_3_VERSION : TLS1_2_VERSION;
}

}  // namespace

struct Context::Identity {
  StaplePtr staple;  // outlives the handle, which serves it; null without a certificate
  ContextHandle handle;
  std::vector<X509Ptr> chain;  // the leaf first

  [[nodiscard]] X509* leaf() const { return chain.front().get(); }
};

struct Context::Parts {
  std::vector<Identity> identities;  // at least one; the first serves whoever names no other
};

Context::Context(TlsConfig config, Use use, Shared shared)
    : config_(std::move(config)),
      use_(use),
      shared_(std::move(shared)),
      parts_(std::make_unique<Parts>()) {}

Context::~Context() = default;

Result<ContextPtr> Context::load(const TlsConfig& config, const ReadFile& read_file, Use use,
                                 Shared shared) {
  std::shared_ptr<Context> context(new Context(config, use, std::move(shared)));
  TRY(context->load_all(read_file));
  return context;
}

Result<void> Context::load_all(const ReadFile& read_file) {
  const std::size_t count = config_.certificates.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::string place =
        config_.listed ? " " + std::to_string(i + 1) + "/" + std::to_string(count) : "";
    TRY(load_identity(config_.certificates[i], read_file, place));
  }
  if (count == 0) {
    if (use_ != Use::kClient) return failure("TLS needs a certificate");
    parts_->identities.push_back({nullptr, ContextHandle(SSL_CTX_new(TLS_method())), {}});
  } else {
    not_after_ = validity(parts_->identities[0].leaf()).until;
  }
  ASSIGN_OR_RETURN(const std::string ciphers, cipher_list(config_.ciphers));
  ASSIGN_OR_RETURN(const std::string curves, curve_list(config_.curves));
  for (const Identity& identity : parts_->identities) {
    SSL_CTX* handle = identity.handle.get();
    // What the peer accepts: OpenSSL's level 2 would refuse certificates that work there.
    SSL_CTX_set_security_level(handle, 1);
    SSL_CTX_set_min_proto_version(handle, version_number(config_.min_version));
    SSL_CTX_set_max_proto_version(handle, 0);
    SSL_CTX_set_options(handle, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                    SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                    SSL_OP_PRIORITIZE_CHACHA);
    // What cert_file holds is sent, and no more.
    SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN);
    // Sessions are resumed by tickets, which cost no memory here.
    SSL_CTX_set_session_cache_mode(handle, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(handle, 1);
    // A resumed session shows no certificate again that could have been revoked meanwhile.
    if (shared_.peer_check != nullptr) {
      SSL_CTX_set_num_tickets(handle, 0);
      SSL_CTX_set_options(handle, SSL_OP_NO_TICKET);
    }
    static constexpr unsigned char kName[] = "midge";
    SSL_CTX_set_session_id_context(handle, kName, sizeof kName);
    SSL_CTX_set_ciphersuites(handle, tls13_suites().c_str());
    if (ciphers.empty()) {
      // Nothing is left for 1.2, as on the peer: its clients find no common cipher.
      SSL_CTX_set_min_proto_version(handle, TLS1_3_VERSION);
    } else if (SSL_CTX_set_cipher_list(handle, ciphers.c_str()) != 1) {
      return failure("cipher suites: " + last_error());
    }
    if (SSL_CTX_set1_groups_list(handle, curves.c_str()) != 1)
      return failure("curve preferences: " + last_error());
    hook_handshakes(handle);
    SSL_CTX_set_tlsext_servername_callback(handle, &Context::choose_identity);
    SSL_CTX_set_tlsext_servername_arg(handle, this);
  }
  return load_authorities(read_file);
}

Result<void> Context::load_identity(const CertificateFiles& files, const ReadFile& read_file,
                                    const std::string& place) {
  const std::string what = "error parsing X509 certificate/key pair" + place;
  const auto wrong = [&](const std::string& why) { return failure(what + ": " + why); };
  auto cert_pem = read_file(files.cert_file);
  if (!cert_pem) return std::unexpected(cert_pem.error().within(what));
  auto key_pem = read_file(files.key_file);
  if (!key_pem) return std::unexpected(key_pem.error().within(what));

  std::vector<X509Ptr> chain = read_certificates(*cert_pem);
  if (chain.empty()) return wrong("tls: failed to find any PEM data in certificate input");
  if (key_pem->find("-----BEGIN ") == std::string::npos)
    return wrong("tls: failed to find any PEM data in key input");
  const KeyPtr key(
      PEM_read_bio_PrivateKey(reader_of(*key_pem).get(), nullptr, &no_passphrase, nullptr));
  if (key == nullptr) return wrong("tls: failed to parse private key: " + last_error());

  Identity identity{nullptr, ContextHandle(SSL_CTX_new(TLS_method())), std::move(chain)};
  SSL_CTX* handle = identity.handle.get();
  SSL_CTX_set_security_level(handle, 1);
  if (X509_check_private_key(identity.leaf(), key.get()) != 1) {
    ERR_clear_error();
    return wrong("tls: private key does not match public key");
  }
  if (SSL_CTX_use_certificate(handle, identity.leaf()) != 1 ||
      SSL_CTX_use_PrivateKey(handle, key.get()) != 1)
    return wrong("tls: " + last_error());
  for (std::size_t i = 1; i < identity.chain.size(); ++i)
    SSL_CTX_add1_chain_cert(handle, identity.chain[i].get());
  parts_->identities.push_back(std::move(identity));
  return {};
}

Result<void> Context::load_authorities(const ReadFile& read_file) {
  const bool demands = config_.verify || config_.verify_and_map;
  std::vector<X509Ptr> authorities;
  if (!config_.ca_file.empty()) {
    ASSIGN_OR_RETURN(const std::string pem, read_file(config_.ca_file));
    authorities = read_certificates(pem);
    if (authorities.empty()) return failure("failed to parse root ca certificate");
  }
  std::vector<X509*> known;
  for (const X509Ptr& authority : authorities) known.push_back(authority.get());
  if (use_ != Use::kClient) prepare_staples(known);
  if (use_ == Use::kOpenListener || (use_ == Use::kListener && !demands)) return {};
  for (const Identity& identity : parts_->identities) {
    SSL_CTX* handle = identity.handle.get();
    X509_STORE* store = SSL_CTX_get_cert_store(handle);
    for (const X509Ptr& authority : authorities) {
      X509_STORE_add_cert(store, authority.get());
      if (use_ == Use::kListener) SSL_CTX_add_client_CA(handle, authority.get());
    }
    if (authorities.empty()) SSL_CTX_set_default_verify_paths(handle);
    const bool judges = use_ == Use::kListener || !config_.insecure;
    SSL_CTX_set_verify(handle,
                       judges ? SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT : SSL_VERIFY_NONE,
                       nullptr);
  }
  ERR_clear_error();
  return {};
}

void Context::prepare_staples(const std::vector<X509*>& authorities) {
  for (std::size_t i = 0; i < config_.certificates.size(); ++i) {
    Identity& identity = parts_->identities[i];
    std::vector<X509*> chain;
    for (const X509Ptr& one : identity.chain) chain.push_back(one.get());
    identity.staple =
        i < shared_.staples.size()
            ? shared_.staples[i]
            : std::make_shared<Staple>(config_.certificates[i].cert_file, chain, authorities);
    identity.staple->serve(identity.handle.get());
  }
}

std::vector<StaplePtr> Context::staples() const {
  std::vector<StaplePtr> found;
  for (const Identity& identity : parts_->identities)
    if (identity.staple != nullptr) found.push_back(identity.staple);
  return found;
}

int Context::choose_identity(SSL* ssl, int*, void* self) {
  const auto& identities = static_cast<const Context*>(self)->parts_->identities;
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr || identities.size() < 2) return SSL_TLSEXT_ERR_OK;
  constexpr unsigned kOnlyAlternativeNames =
      X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  for (const Identity& identity : identities) {
    if (X509_check_host(identity.leaf(), name, 0, kOnlyAlternativeNames, nullptr) == 1) {
      SSL_set_SSL_CTX(ssl, identity.handle.get());
      break;
    }
  }
  return SSL_TLSEXT_ERR_OK;
}

std::unique_ptr<Session> Context::make_session(WallTime now, const std::string& server_name) const {
  SSL* ssl = SSL_new(parts_->identities[0].handle.get());
  if (ssl == nullptr) std::abort();  // no memory
  if (use_ == Use::kClient) {
    SSL_set_connect_state(ssl);
    const bool is_ip = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), server_name.c_str()) == 1;
    ERR_clear_error();
    if (!server_name.empty() && !is_ip) {
      SSL_set_tlsext_host_name(ssl, server_name.c_str());
      SSL_set_hostflags(ssl, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
      if (!config_.insecure) SSL_set1_host(ssl, server_name.c_str());
    }
  } else {
    SSL_set_accept_state(ssl);
  }
  return std::make_unique<Session>(ssl, shared_from_this(), now);
}

bool Context::is_pinned(const std::string& spki) const {
  return std::ranges::find(config_.pinned_certs, spki) != config_.pinned_certs.end();
}

}  // namespace midge::tls
