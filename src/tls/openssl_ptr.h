// Owners of OpenSSL's objects. Included by this room's .cc files only: OpenSSL's headers are heavy.
#pragma once

#include <memory>

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace midge::tls {

template <auto Free>
struct FreeWith {
  void operator()(auto* object) const { Free(object); }
};

using BioPtr = std::unique_ptr<BIO, FreeWith<&BIO_free_all>>;
using X509Ptr = std::unique_ptr<X509, FreeWith<&X509_free>>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeWith<&EVP_PKEY_free>>;
using ContextHandle = std::unique_ptr<SSL_CTX, FreeWith<&SSL_CTX_free>>;
using SslHandle = std::unique_ptr<SSL, FreeWith<&SSL_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, FreeWith<&GENERAL_NAMES_free>>;

}  // namespace midge::tls
