#include "tls/staple.h"

#include <cstring>
#include <utility>

#include <openssl/err.h>

#include "tls/certificate.h"
#include "tls/openssl_ptr.h"

namespace midge::tls {
namespace {

bool has_signed(X509* issuer, X509* certificate) {
  const bool fits = X509_check_issued(issuer, certificate) == X509_V_OK &&
                    X509_verify(certificate, X509_get0_pubkey(issuer)) == 1;
  ERR_clear_error();
  return fits;
}

X509* find_by_system(X509* certificate) {
  const std::unique_ptr<X509_STORE, FreeWith<&X509_STORE_free>> store(X509_STORE_new());
  X509_STORE_set_default_paths(store.get());
  const std::unique_ptr<X509_STORE_CTX, FreeWith<&X509_STORE_CTX_free>> search(
      X509_STORE_CTX_new());
  X509* issuer = nullptr;
  if (X509_STORE_CTX_init(search.get(), store.get(), certificate, nullptr) == 1)
    X509_STORE_CTX_get1_issuer(&issuer, search.get(), certificate);
  ERR_clear_error();
  return issuer;
}

// The second of the chain if there is one, else an authority. Owned by the caller; or null.
X509* find_issuer(const std::vector<X509*>& chain, const std::vector<X509*>& authorities) {
  X509* leaf = chain.front();
  if (chain.size() > 1) {
    if (!has_signed(chain[1], leaf)) return nullptr;
    X509_up_ref(chain[1]);
    return chain[1];
  }
  for (X509* authority : authorities) {
    if (!has_signed(authority, leaf)) continue;
    X509_up_ref(authority);
    return authority;
  }
  return nullptr;
}

}  // namespace

Staple::Staple(std::string cert_file, const std::vector<X509*>& chain,
               const std::vector<X509*>& authorities)
    : cert_file_(std::move(cert_file)), leaf_(chain.front()) {
  X509_up_ref(leaf_);
  issuer_ = find_issuer(chain, authorities);
  ask_system_ = chain.size() == 1 && authorities.empty();
}

Staple::~Staple() {
  X509_free(leaf_);
  X509_free(issuer_);
}

std::string Staple::fingerprint() const { return cert_sha256(leaf_); }
bool Staple::is_demanded() const { return must_staple(leaf_); }
std::vector<std::string> Staple::responders() const { return ocsp_responders(leaf_); }

Result<void> Staple::check_issuer() {
  if (std::exchange(ask_system_, false)) issuer_ = find_by_system(leaf_);
  if (issuer_ == nullptr) return failure("no issuers found");
  if (X509_check_ca(issuer_) == 0)
    return failure(subject_text(issuer_) + " invalid ca basic constraints: is not ca");
  return {};
}

std::string Staple::question() const { return ocsp_question(leaf_, issuer_); }

Result<OcspAnswerPtr> Staple::read(std::string_view der, WallTime now) const {
  ASSIGN_OR_RETURN(OcspAnswer answer, read_ocsp_answer(der, leaf_, issuer_, now));
  TRY(check_current(answer, now));
  return std::make_shared<const OcspAnswer>(std::move(answer));
}

void Staple::serve(SSL_CTX* context) {
  SSL_CTX_set_tlsext_status_cb(context, &Staple::on_status_request);
  SSL_CTX_set_tlsext_status_arg(context, this);
}

int Staple::on_status_request(SSL* ssl, void* self) {
  const OcspAnswerPtr answer = static_cast<const Staple*>(self)->answer();
  if (answer == nullptr) return SSL_TLSEXT_ERR_NOACK;
  const WallTime now{X509_VERIFY_PARAM_get_time(SSL_get0_param(ssl)) * 1'000'000'000};
  // Who demands a staple refuses us; the others need not suffer with them.
  if (!check_current(*answer, now)) return SSL_TLSEXT_ERR_NOACK;
  auto* copy = static_cast<unsigned char*>(OPENSSL_memdup(answer->der.data(), answer->der.size()));
  if (copy == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_set_tlsext_status_ocsp_resp(ssl, copy, static_cast<long>(answer->der.size()));
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace midge::tls
