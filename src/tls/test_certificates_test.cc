// What test_certificates.h declares.
#include "tls/test_certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "tls/openssl_ptr.h"

namespace midge::tls {
namespace {

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const auto size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), certificate);
  return text_of(out.get());
}

std::string pem_of(EVP_PKEY* key) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(out.get());
}

void extend(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, FreeWith<&X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  X509_add_ext(certificate, extension.get(), -1);
}

X509Ptr unsigned_certificate(const TestSubject& subject, EVP_PKEY* key) {
  static int serial = 0;
  X509Ptr made(X509_new());
  X509_set_version(made.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serial);
  ASN1_TIME_set(X509_getm_notBefore(made.get()),
                static_cast<time_t>(subject.from.ns / 1'000'000'000));
  ASN1_TIME_set(X509_getm_notAfter(made.get()),
                static_cast<time_t>(subject.until.ns / 1'000'000'000));
  for (const auto& [type, value] : subject.name) {
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), type.c_str(), MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1, 0);
  }
  X509_set_pubkey(made.get(), key);
  return made;
}

}  // namespace

TestAuthority::TestAuthority(const std::string& name) {
  const KeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr made = unsigned_certificate({.name = {{"CN", name}}}, key.get());
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  extend(made.get(), made.get(), NID_basic_constraints, "critical,CA:TRUE");
  X509_sign(made.get(), key.get(), EVP_sha256());
  self_ = {pem_of(made.get()), pem_of(key.get())};
}

TestCertificate TestAuthority::issue(const TestSubject& subject) const {
  const BioPtr cert_in(BIO_new_mem_buf(self_.cert_pem.data(), -1));
  const X509Ptr issuer(PEM_read_bio_X509(cert_in.get(), nullptr, nullptr, nullptr));
  const BioPtr key_in(BIO_new_mem_buf(self_.key_pem.data(), -1));
  const KeyPtr issuer_key(PEM_read_bio_PrivateKey(key_in.get(), nullptr, nullptr, nullptr));
  const KeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr made = unsigned_certificate(subject, key.get());
  X509_set_issuer_name(made.get(), X509_get_subject_name(issuer.get()));
  if (!subject.alternative_names.empty())
    extend(made.get(), issuer.get(), NID_subject_alt_name, subject.alternative_names);
  extend(made.get(), issuer.get(), NID_ext_key_usage, subject.usage);
  for (const auto& [nid, value] : subject.more) extend(made.get(), issuer.get(), nid, value);
  X509_sign(made.get(), issuer_key.get(), EVP_sha256());
  return {pem_of(made.get()), pem_of(key.get())};
}

void TestFiles::add(const std::string& name, const TestCertificate& certificate) {
  files_[name + ".pem"] = certificate.cert_pem;
  files_[name + ".key"] = certificate.key_pem;
}

ReadFile TestFiles::reader() const {
  return [files = files_](const std::string& path) -> Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) {
      return failure("open " + path + ": no such file or directory", ErrorCode::kNotFound);
    }
    return found->second;
  };
}

}  // namespace midge::tls
