#include "tls/handshake_error.h"

#include <array>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include "tls/certificate.h"

namespace midge::tls {
namespace {

// Alerts as Go's library writes them.
constexpr std::array<std::pair<int, std::string_view>, 33> kAlerts = {{
    {0, "close notify"},
    {10, "unexpected message"},
    {20, "bad record MAC"},
    {21, "decryption failed"},
    {22, "record overflow"},
    {30, "decompression failure"},
    {40, "handshake failure"},
    {42, "bad certificate"},
    {43, "unsupported certificate"},
    {44, "revoked certificate"},
    {45, "expired certificate"},
    {46, "unknown certificate"},
    {47, "illegal parameter"},
    {48, "unknown certificate authority"},
    {49, "access denied"},
    {50, "error decoding message"},
    {51, "error decrypting message"},
    {60, "export restriction"},
    {70, "protocol version not supported"},
    {71, "insufficient security level"},
    {80, "internal error"},
    {86, "inappropriate fallback"},
    {90, "user canceled"},
    {100, "no renegotiation"},
    {109, "missing extension"},
    {110, "unsupported extension"},
    {111, "certificate unobtainable"},
    {112, "unrecognized name"},
    {113, "bad certificate status response"},
    {114, "bad certificate hash value"},
    {115, "unknown PSK identity"},
    {116, "certificate required"},
    {120, "no application protocol"},
}};

std::string remote_alert(int alert) {
  for (const auto& [code, text] : kAlerts)
    if (code == alert) return "remote error: tls: " + std::string(text);
  return "remote error: tls: alert(" + std::to_string(alert) + ")";
}

}  // namespace

std::string handshake_error(std::string_view refusal, std::string_view offered_versions) {
  const unsigned long error = ERR_peek_error();
  ERR_clear_error();
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL) {
    if (reason >= SSL_AD_REASON_OFFSET) return remote_alert(reason - SSL_AD_REASON_OFFSET);
    switch (reason) {
      case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return "tls: client didn't provide a certificate";
      case SSL_R_CERTIFICATE_VERIFY_FAILED:
        if (!refusal.empty()) return "tls: failed to verify certificate: " + std::string(refusal);
        break;
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_UNKNOWN_PROTOCOL:
      case SSL_R_WRONG_VERSION_NUMBER:
      case SSL_R_VERSION_TOO_LOW:
      case SSL_R_NO_PROTOCOLS_AVAILABLE:
        if (!offered_versions.empty()) {
          return "tls: client offered only unsupported versions: [" +
                 std::string(offered_versions) + "]";
        }
        // A client's view of a server that does not speak TLS.
        if (reason == SSL_R_WRONG_VERSION_NUMBER)
          return "tls: first record does not look like a TLS handshake";
        break;
      case SSL_R_NO_SHARED_CIPHER:
        return "tls: no cipher suite supported by both client and server";
      case SSL_R_NO_SUITABLE_KEY_SHARE:
      case SSL_R_NO_SUITABLE_GROUPS:
        return "tls: no key exchanges supported by both client and server";
      default:
        break;
    }
  }
  const char* text = ERR_reason_error_string(error);
  return std::string("tls: ") + (text == nullptr ? "handshake failed" : text);
}

std::string refused_certificate(int error, X509* certificate, STACK_OF(X509) * presented,
                                WallTime now) {
  std::string text = "x509: ";
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      text += "certificate signed by unknown authority";
      break;
    case X509_V_ERR_CERT_HAS_EXPIRED:
      text += "certificate has expired or is not yet valid: current time " + time_text(now) +
              " is after " + time_text(validity(certificate).until);
      break;
    case X509_V_ERR_CERT_NOT_YET_VALID:
      text += "certificate has expired or is not yet valid: current time " + time_text(now) +
              " is before " + time_text(validity(certificate).from);
      break;
    case X509_V_ERR_INVALID_PURPOSE:
      text += "certificate specifies an incompatible key usage";
      break;
    default:
      text += X509_verify_cert_error_string(error);
      break;
  }
  std::string who;
  for (int i = 0; i < sk_X509_num(presented); ++i) {
    if (!who.empty()) who += "; ";
    X509* one = sk_X509_value(presented, i);
    who += subject_text(one) + " SHA-256: " + cert_sha256(one);
  }
  return who.empty() ? text : text + " (" + who + ")";
}

}  // namespace midge::tls
