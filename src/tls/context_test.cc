// Goal: a configuration that cannot serve is refused with nats-server's text. Method: files in
// memory, one wrong thing each.
#include "tls/context.h"

#include <doctest/doctest.h>

#include "tls/cipher_list.h"
#include "tls/test_certificates.h"

using namespace midge;
using namespace midge::tls;

namespace {

struct Fixture {
  Fixture() {
    const TestAuthority authority("Authority");
    files.put("ca.pem", authority.cert_pem());
    files.add("server", authority.issue({.name = {{"CN", "server"}}}));
    files.add("other", authority.issue({.name = {{"CN", "other"}}}));
    files.put("junk", "junk\n");
  }
  [[nodiscard]] std::string error(const TlsConfig& config) const {
    const auto loaded = Context::load(config, files.reader());
    return loaded ? "" : loaded.error().text();
  }
  TestFiles files;
};

}  // namespace

TEST_CASE_FIXTURE(Fixture,
                  "[AUTH-30] a good configuration loads, and says until when it is valid") {
  const auto loaded = Context::load(
      {.certificates = {TestFiles::pair("server")}, .ca_file = "ca.pem", .verify = true},
      files.reader());
  REQUIRE(loaded);
  CHECK((*loaded)->not_after().ns == TestSubject::kUntil);
}

TEST_CASE_FIXTURE(Fixture, "[AUTH-30] what is wrong with files is said as nats-server says it") {
  const std::string pair = "error parsing X509 certificate/key pair: ";
  CHECK(error({.certificates = {{"none.pem", "server.key"}}}) ==
        pair + "open none.pem: no such file or directory");
  CHECK(error({.certificates = {{"server.pem", "none.key"}}}) ==
        pair + "open none.key: no such file or directory");
  CHECK(error({.certificates = {{"server.pem", "other.key"}}}) ==
        pair + "tls: private key does not match public key");
  CHECK(error({.certificates = {{"junk", "server.key"}}}) ==
        pair + "tls: failed to find any PEM data in certificate input");
  CHECK(error({.certificates = {{"server.pem", "junk"}}}) ==
        pair + "tls: failed to find any PEM data in key input");
  CHECK(error({.certificates = {TestFiles::pair("server")}, .ca_file = "none"}) ==
        "open none: no such file or directory");
  CHECK(error({.certificates = {TestFiles::pair("server")}, .ca_file = "junk"}) ==
        "failed to parse root ca certificate");
  CHECK(
      error({.certificates = {TestFiles::pair("server"), {"other.pem", "none"}}, .listed = true}) ==
      "error parsing X509 certificate/key pair 2/2: open none: no such file or directory");
}

TEST_CASE("[AUTH-31] ciphers and curves go by the names that configurations use") {
  CHECK(cipher_list(
            {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305"}) ==
        "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305");
  CHECK(cipher_list({"TLS_AES_128_GCM_SHA256"}) == "");
  CHECK(curve_list({"CurveP384", "X25519MLKEM768", "X25519"}) == "P-384:X25519");
  CHECK(curve_list({"X25519MLKEM768", "SecP256r1MLKEM768"}).error().text() ==
        "curve preferences: this build's OpenSSL has none of X25519MLKEM768, SecP256r1MLKEM768");
}
