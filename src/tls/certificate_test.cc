// Goal: certificates are read as nats-server reads them. Method: certificates made here, the texts
// as the peer logged them.
#include "tls/certificate.h"

#include <doctest/doctest.h>

#include "tls/openssl_ptr.h"
#include "tls/test_certificates.h"

using namespace midge;
using namespace midge::tls;

namespace {

X509Ptr made(const TestSubject& subject) {
  static const TestAuthority authority("Authority");
  const TestCertificate certificate = authority.issue(subject);
  const BioPtr in(BIO_new_mem_buf(certificate.cert_pem.data(), -1));
  return X509Ptr(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
}

}  // namespace

TEST_CASE("a subject is written in Go's order, whatever the certificate's is") {
  CHECK(subject_text(made({.name = {{"O", "Midge"}, {"CN", "alice"}}}).get()) ==
        "CN=alice,O=Midge");
  CHECK(subject_text(made({.name = {{"CN", "a"}, {"OU", "x"}, {"OU", "y"}, {"C", "CH"}}}).get()) ==
        "CN=a,OU=x+OU=y,C=CH");
  CHECK(subject_text(made({.name = {{"CN", "a,b #1"}}}).get()) == "CN=a\\,b #1");
  CHECK(subject_text(made({.name = {{"CN", "#a "}}}).get()) == "CN=\\#a\\ ");
  CHECK(subject_text(made({.name = {{"DC", "test"}, {"CN", "a"}}}).get()) ==
        "CN=a,0.9.2342.19200300.100.1.25=#130474657374");
}

TEST_CASE("[AUTH-34] [AUTH-35] names to log in with, in the order they are tried") {
  const X509Ptr certificate =
      made({.name = {{"DC", "test"}, {"O", "Midge"}, {"CN", "alice"}},
            .alternative_names = "URI:spiffe://midge/alice,DNS:alice.test,email:alice@midge.test"});
  const std::vector<std::string> expected = {
      "alice@midge.test",     "alice.test",
      "spiffe://midge/alice", "CN=alice,O=Midge,DC=test",
      "CN=alice,O=Midge",     "CN=alice,O=Midge,0.9.2342.19200300.100.1.25=#130474657374",
  };
  CHECK(login_names(certificate.get()) == expected);
  CHECK(subject_by_rfc2253(certificate.get()) == "CN=alice,O=Midge,DC=test");

  const X509Ptr other = made({.name = {{"CN", "alice"}, {"O", "Midge"}, {"DC", "a"}, {"DC", "b"}}});
  CHECK(login_names(other.get())[0] == "DC=b,DC=a,O=Midge,CN=alice");
  CHECK(login_names(other.get())[1] == "CN=alice,O=Midge,DC=a,DC=b");
}

TEST_CASE("times are read and written to the second") {
  const X509Ptr certificate = made({.name = {{"CN", "a"}}});
  CHECK(validity(certificate.get()).from.ns == TestSubject::kFrom);
  CHECK(validity(certificate.get()).until.ns == TestSubject::kUntil);
  CHECK(time_text(WallTime{TestSubject::kUntil}) == "2033-05-18T03:33:20Z");
}

TEST_CASE("fingerprints are 64 digits and differ") {
  const X509Ptr certificate = made({.name = {{"CN", "a"}}});
  CHECK(spki_sha256(certificate.get()).size() == 64);
  CHECK(cert_sha256(certificate.get()).size() == 64);
  CHECK(spki_sha256(certificate.get()) != cert_sha256(certificate.get()));
}
