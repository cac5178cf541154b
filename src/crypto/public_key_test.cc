// Goal: signatures are verified as RFC 7515 and RFC 8037 say, and no key is taken for what it is
// not. Method: the examples of the RFCs' appendices, and small changes to them.
#include "crypto/public_key.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "crypto/test_base64url.h"

namespace midge::crypto {
namespace {

const std::string kClaims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

// RFC 7515, A.2
const std::string kModulus =
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4"
    "QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdb"
    "BYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-D"
    "WNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const std::string kRsaSignature =
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5ju"
    "jGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07"
    "Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipU"
    "TI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

// RFC 7515, A.3
const std::string kX = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const std::string kY = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const std::string kEcSignature =
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";

// RFC 8037, A.2 and A.4
const std::string kEdwards = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const std::string kEdwardsSignature =
    "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

std::string bytes(const std::string& text) { return test_base64url(text); }

struct Example {
  const char* algorithm;
  PublicKey key;
  std::string message, signature;
};

std::array<Example, 3> examples() {
  return {{{"RS256", *PublicKey::rsa(bytes(kModulus), bytes("AQAB")),
            "eyJhbGciOiJSUzI1NiJ9." + kClaims, bytes(kRsaSignature)},
           {"ES256", *PublicKey::elliptic(KeyKind::kP256, bytes(kX), bytes(kY)),
            "eyJhbGciOiJFUzI1NiJ9." + kClaims, bytes(kEcSignature)},
           {"EdDSA", *PublicKey::ed25519(bytes(kEdwards)),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", bytes(kEdwardsSignature)}}};
}

TEST_CASE("public key: the examples of the RFCs, and what is not them") {
  for (Example& example : examples()) {
    CAPTURE(example.algorithm);
    const SignatureAlgorithm& algorithm = *find_signature_algorithm(example.algorithm);
    const PublicKey& key = example.key;
    CHECK(key.verify(algorithm, example.message, example.signature));
    CHECK_FALSE(key.verify(algorithm, example.message + "x", example.signature));
    CHECK_FALSE(key.verify(algorithm, example.message, ""));
    CHECK_FALSE(key.verify(algorithm, example.message, example.signature + '\0'));
    CHECK_FALSE(key.verify(algorithm, example.message, example.signature.substr(1)));
    std::string zeros(example.signature.size(), '\0');
    CHECK_FALSE(key.verify(algorithm, example.message, zeros));
    example.signature.back() ^= 1;
    CHECK_FALSE(key.verify(algorithm, example.message, example.signature));
  }
}

TEST_CASE("public key: a key is good for the algorithms of its kind alone") {
  for (const Example& example : examples()) {
    for (const char* name : {"RS256", "RS384", "PS256", "ES256", "ES384", "ES512", "EdDSA"}) {
      if (std::string(name) == example.algorithm) continue;
      CAPTURE(example.algorithm);
      CAPTURE(name);
      CHECK_FALSE(
          example.key.verify(*find_signature_algorithm(name), example.message, example.signature));
    }
  }
}

TEST_CASE("public key: algorithms without a public key are none") {
  for (const char* name : {"none", "None", "", "HS256", "HS384", "HS512", "rs256", "RS1", "ES256K"})
    CHECK_MESSAGE(find_signature_algorithm(name) == nullptr, name);
}

TEST_CASE("public key: what is no key") {
  const std::string n = bytes(kModulus);
  CHECK(PublicKey::rsa(std::string(1, '\0') + n, bytes("AQAB")));
  CHECK_FALSE(PublicKey::rsa(n.substr(0, 128), bytes("AQAB")));
  CHECK_FALSE(PublicKey::rsa(std::string(2048, 'n'), bytes("AQAB")));
  CHECK_FALSE(PublicKey::rsa(n, ""));
  CHECK_FALSE(PublicKey::rsa(n, "\x01"));
  CHECK_FALSE(PublicKey::rsa(n, "\x02"));
  CHECK_FALSE(PublicKey::rsa(n, std::string(9, '\x03')));
  CHECK_FALSE(PublicKey::elliptic(KeyKind::kP256, bytes(kX), bytes(kX)));
  CHECK_FALSE(PublicKey::elliptic(KeyKind::kP384, bytes(kX), bytes(kY)));
  CHECK_FALSE(PublicKey::elliptic(KeyKind::kP256, std::string(32, '\0'), std::string(32, '\0')));
  CHECK_FALSE(PublicKey::elliptic(KeyKind::kRsa, bytes(kX), bytes(kY)));
  CHECK_FALSE(PublicKey::ed25519(""));
  CHECK_FALSE(PublicKey::ed25519(std::string(33, 'x')));
}

}  // namespace
}  // namespace midge::crypto
