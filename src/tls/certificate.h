// What NATS reads from an X.509 certificate: its subject in Go's spelling, its fingerprints, the
// names it may log in with.
#pragma once

#include <string>
#include <vector>

#include "base/time.h"
#include "io/secure_stream.h"

struct asn1_string_st;
struct x509_st;

namespace midge::tls {

// Both times of a certificate.
struct Validity {
  WallTime from, until;
};

// `CN=alice,OU=a+OU=b,O=Midge`: Go's order, which is not the certificate's.
std::string subject_text(x509_st* certificate);
std::string issuer_text(x509_st* certificate);
std::string cert_sha256(x509_st* certificate);  // of all of it, hex
std::string spki_sha256(x509_st* certificate);  // of its public key, hex
Validity validity(x509_st* certificate);
io::PeerCertificate describe(x509_st* certificate);
// As SecurePeer::names has them, and the subject among them.
std::vector<std::string> login_names(x509_st* certificate);
std::string subject_by_rfc2253(x509_st* certificate);

// `2026-11-25T12:23:06Z`.
std::string time_text(WallTime time);
// Of OpenSSL's ASN1_TIME or ASN1_GENERALIZEDTIME.
WallTime wall_time(const asn1_string_st* time);

}  // namespace midge::tls
