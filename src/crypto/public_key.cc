#include "crypto/public_key.h"

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace midge::crypto {
namespace {

// RFC 7518 asks for 2048 bits; beyond 8192 a verification costs more than a login is worth.
constexpr std::size_t kModulusMin = 2048 / 8;
constexpr std::size_t kModulusMax = 8192 / 8;
constexpr std::size_t kExponentMax = 8;
constexpr std::size_t kEd25519Bytes = 32;

constexpr std::array<SignatureAlgorithm, 10> kAlgorithms = {{
    {"RS256", KeyKind::kRsa, "SHA256"},
    {"RS384", KeyKind::kRsa, "SHA384"},
    {"RS512", KeyKind::kRsa, "SHA512"},
    {"PS256", KeyKind::kRsa, "SHA256", true},
    {"PS384", KeyKind::kRsa, "SHA384", true},
    {"PS512", KeyKind::kRsa, "SHA512", true},
    {"ES256", KeyKind::kP256, "SHA256"},
    {"ES384", KeyKind::kP384, "SHA384"},
    {"ES512", KeyKind::kP521, "SHA512"},
    {"EdDSA", KeyKind::kEd25519, nullptr},
}};

template <auto Free>
struct FreeWith {
  void operator()(auto* object) const { Free(object); }
};
using NumberPtr = std::unique_ptr<BIGNUM, FreeWith<&BN_free>>;
using BuilderPtr = std::unique_ptr<OSSL_PARAM_BLD, FreeWith<&OSSL_PARAM_BLD_free>>;
using ParametersPtr = std::unique_ptr<OSSL_PARAM, FreeWith<&OSSL_PARAM_free>>;
using KeyContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreeWith<&EVP_PKEY_CTX_free>>;
using DigestContextPtr = std::unique_ptr<EVP_MD_CTX, FreeWith<&EVP_MD_CTX_free>>;
using EcdsaPtr = std::unique_ptr<ECDSA_SIG, FreeWith<&ECDSA_SIG_free>>;

// A failed check leaves nothing in this thread's queue for whoever asks next.
struct ErrorsForgotten {
  ~ErrorsForgotten() { ERR_clear_error(); }
};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

NumberPtr number_of(std::string_view bytes) {
  return NumberPtr(BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr));
}

struct Curve {
  const char* name = nullptr;
  std::size_t bytes = 0;  // of each coordinate
};

Curve curve_of(KeyKind kind) {
  switch (kind) {
    case KeyKind::kP256:
      return {"P-256", 32};
    case KeyKind::kP384:
      return {"P-384", 48};
    case KeyKind::kP521:
      return {"P-521", 66};
    case KeyKind::kRsa:
    case KeyKind::kEd25519:
      break;
  }
  return {};
}

std::unexpected<Error> invalid(const char* text) { return failure(text, ErrorCode::kInvalid); }

// Null if the numbers make no key; that a point is on its curve is part of it.
std::shared_ptr<EVP_PKEY> make_key(const char* type, OSSL_PARAM_BLD* builder) {
  const ParametersPtr parameters(OSSL_PARAM_BLD_to_param(builder));
  const KeyContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return {key, &EVP_PKEY_free};
}

// What OpenSSL wants in place of the two numbers; empty if their length is wrong.
std::string to_der(std::string_view signature, const Curve& curve) {
  if (signature.size() != 2 * curve.bytes) return "";
  const EcdsaPtr pair(ECDSA_SIG_new());
  ECDSA_SIG_set0(pair.get(), number_of(signature.substr(0, curve.bytes)).release(),
                 number_of(signature.substr(curve.bytes)).release());
  unsigned char* data = nullptr;
  const int size = i2d_ECDSA_SIG(pair.get(), &data);
  if (size <= 0) return "";
  std::string der(reinterpret_cast<char*>(data), static_cast<std::size_t>(size));
  OPENSSL_free(data);
  return der;
}

}  // namespace

const SignatureAlgorithm* find_signature_algorithm(std::string_view name) {
  for (const SignatureAlgorithm& algorithm : kAlgorithms)
    if (algorithm.name == name) return &algorithm;
  return nullptr;
}

Result<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
  const ErrorsForgotten forgotten;
  while (modulus.starts_with('\0')) modulus.remove_prefix(1);
  if (modulus.size() < kModulusMin) return invalid("RSA key has less than 2048 bits");
  if (modulus.size() > kModulusMax) return invalid("RSA key has more than 8192 bits");
  if (exponent.empty() || exponent.size() > kExponentMax)
    return invalid("RSA key has an exponent of the wrong size");
  const NumberPtr n = number_of(modulus), e = number_of(exponent);
  if (BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) != 0)
    return invalid("RSA key has an exponent that signs nothing");
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get());
  OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get());
  auto key = make_key("RSA", builder.get());
  if (key == nullptr) return invalid("not an RSA key");
  return PublicKey(KeyKind::kRsa, std::move(key));
}

Result<PublicKey> PublicKey::elliptic(KeyKind kind, std::string_view x, std::string_view y) {
  const ErrorsForgotten forgotten;
  const Curve curve = curve_of(kind);
  if (curve.name == nullptr) return invalid("not a curve");
  if (x.size() != curve.bytes || y.size() != curve.bytes)
    return invalid("a coordinate is not as long as the curve's");
  std::string point = "\x04";  // uncompressed
  point.append(x).append(y);
  const BuilderPtr builder(OSSL_PARAM_BLD_new());
  OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.name, 0);
  OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                   point.size());
  auto key = make_key("EC", builder.get());
  if (key == nullptr) return invalid("not a point of the curve");
  return PublicKey(kind, std::move(key));
}

Result<PublicKey> PublicKey::ed25519(std::string_view x) {
  const ErrorsForgotten forgotten;
  if (x.size() != kEd25519Bytes) return invalid("an Ed25519 key has 32 bytes");
  std::shared_ptr<EVP_PKEY> key(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(x), x.size()),
      &EVP_PKEY_free);
  if (key == nullptr) return invalid("not an Ed25519 key");
  return PublicKey(KeyKind::kEd25519, std::move(key));
}

bool PublicKey::verify(const SignatureAlgorithm& algorithm, std::string_view message,
                       std::string_view signature) const {
  const ErrorsForgotten forgotten;
  if (algorithm.key != kind_) return false;
  std::string der;
  if (const Curve curve = curve_of(kind_); curve.name != nullptr) {
    der = to_der(signature, curve);
    signature = der;
  }
  if (signature.empty()) return false;
  const DigestContextPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* key_context = nullptr;
  if (EVP_DigestVerifyInit_ex(context.get(), &key_context, algorithm.digest, nullptr, nullptr,
                              key_.get(), nullptr) != 1)
    return false;
  if (algorithm.is_pss &&
      (EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) != 1 ||
       EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  return EVP_DigestVerify(context.get(), bytes_of(signature), signature.size(), bytes_of(message),
                          message.size()) == 1;
}

}  // namespace midge::crypto
