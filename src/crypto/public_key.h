// Public keys of the kinds that JSON Web Keys have, and whether a signature is theirs: RSA, the
// NIST curves, Ed25519. By OpenSSL; nkeys are nkey.h's. Immutable; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

struct evp_pkey_st;

namespace midge::crypto {

enum class KeyKind : std::uint8_t { kRsa, kP256, kP384, kP521, kEd25519 };

// A way to sign, by its name in RFC 7518 and RFC 8037. Which kind of key it takes is part of it, so
// that no key is ever used for what it was not made for.
struct SignatureAlgorithm {
  std::string_view name;
  KeyKind key;
  const char* digest;  // null: the key's kind has one of its own
  bool is_pss = false;
};

// Null: not known, or none that public keys verify (`none`, `HS256`).
const SignatureAlgorithm* find_signature_algorithm(std::string_view name);

class PublicKey {
 public:
  // Numbers are big-endian bytes. Errors: no such key, or one too weak or too large to be used.
  static Result<PublicKey> rsa(std::string_view modulus, std::string_view exponent);
  static Result<PublicKey> elliptic(KeyKind curve, std::string_view x, std::string_view y);
  static Result<PublicKey> ed25519(std::string_view x);

  [[nodiscard]] KeyKind kind() const { return kind_; }
  // False also where the algorithm is not for this kind of key. A signature of a curve is its two
  // numbers, each as long as the curve's.
  [[nodiscard]] bool verify(const SignatureAlgorithm& algorithm, std::string_view message,
                            std::string_view signature) const;

 private:
  PublicKey(KeyKind kind, std::shared_ptr<evp_pkey_st> key) : kind_(kind), key_(std::move(key)) {}

  KeyKind kind_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace midge::crypto
