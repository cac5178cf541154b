// Goal: the ciphers are the standards' (RFC 8439, NIST's GCM vectors), and nothing opens that was
// touched. Method: published vectors; every byte flipped.
#include "crypto/aead.h"

#include <doctest/doctest.h>

#include <string>

namespace midge::crypto {
namespace {

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

TEST_CASE("vectors") {
  std::string sealed;
  // NIST: a key, nonce and block of zeros.
  seal(Cipher::kAes, std::string(32, '\0'), std::string(12, '\0'), "", std::string(16, '\0'),
       sealed);
  CHECK(sealed == from_hex("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919"));
  // RFC 8439, 2.8.2.
  const std::string key =
      from_hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const std::string nonce = from_hex("070000004041424344454647");
  const std::string additional = from_hex("50515253c0c1c2c3c4c5c6c7");
  const std::string text =
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
      "sunscreen would be it.";
  sealed.clear();
  seal(Cipher::kChaCha, key, nonce, additional, text, sealed);
  CHECK(sealed.substr(0, 8) == from_hex("d31a8d34648e60db"));
  CHECK(sealed.substr(text.size()) == from_hex("1ae10b594f09e26a7e902ecbd0600691"));
  // RFC 4231, case 2; RFC 7914's PBKDF2 vector, its first half.
  CHECK(hmac_sha256("Jefe", "what do ya want for nothing?") ==
        from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  CHECK(stretch_key("passwd", "salt", 1) ==
        from_hex("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"));
}

TEST_CASE("only what was sealed opens") {
  for (const Cipher cipher : {Cipher::kAes, Cipher::kChaCha}) {
    const std::string key(32, 'k'), nonce(12, 'n'), text = "some text";
    std::string sealed = "before";
    seal(cipher, key, nonce, "head", text, sealed);
    sealed.erase(0, 6);
    std::string plain(text.size(), '\0');
    CHECK(open_sealed(cipher, key, nonce, "head", sealed, plain.data()));
    CHECK(plain == text);
    CHECK(!open_sealed(cipher, key, nonce, "heap", sealed, plain.data()));
    CHECK(!open_sealed(cipher, std::string(32, 'K'), nonce, "head", sealed, plain.data()));
    CHECK(!open_sealed(cipher, key, std::string(12, 'N'), "head", sealed, plain.data()));
    CHECK(!open_sealed(cipher, key, nonce, "head", sealed.substr(0, 10), plain.data()));
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      std::string bad = sealed;
      bad[i] ^= 1;
      CHECK(!open_sealed(cipher, key, nonce, "head", bad, plain.data()));
    }
  }
}

}  // namespace
}  // namespace midge::crypto
