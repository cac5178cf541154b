#include "tls/ocsp.h"

#include <memory>

#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "tls/certificate.h"
#include "tls/openssl_ptr.h"

namespace midge::tls {
namespace {

using RequestPtr = std::unique_ptr<OCSP_REQUEST, FreeWith<&OCSP_REQUEST_free>>;
using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, FreeWith<&OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, FreeWith<&OCSP_BASICRESP_free>>;
using CertIdPtr = std::unique_ptr<OCSP_CERTID, FreeWith<&OCSP_CERTID_free>>;
using StorePtr = std::unique_ptr<X509_STORE, FreeWith<&X509_STORE_free>>;
using FeaturesPtr = std::unique_ptr<TLS_FEATURE, FreeWith<&TLS_FEATURE_free>>;

constexpr long kStatusRequest = 5;  // the TLS extension that asks for a staple

std::string last_reason() {
  const char* text = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return text == nullptr ? "unknown error" : text;
}

// Why a responder did not answer, in Go's words.
std::string refusal(int status) {
  switch (status) {
    case OCSP_RESPONSE_STATUS_MALFORMEDREQUEST:
      return "malformed";
    case OCSP_RESPONSE_STATUS_INTERNALERROR:
      return "internal error";
    case OCSP_RESPONSE_STATUS_TRYLATER:
      return "try later";
    case OCSP_RESPONSE_STATUS_SIGREQUIRED:
      return "signature required";
    case OCSP_RESPONSE_STATUS_UNAUTHORIZED:
      return "unauthorized";
    default:
      return "unknown OCSP status: " + std::to_string(status);
  }
}

// The issuer is all the trust there is, also where it is no root.
StorePtr trust_in(X509* issuer, WallTime now) {
  StorePtr store(X509_STORE_new());
  X509_STORE_add_cert(store.get(), issuer);
  X509_VERIFY_PARAM* rules = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_time(rules, static_cast<time_t>(now.ns / 1'000'000'000));
  return store;
}

Result<void> check_signer(OCSP_BASICRESP* basic, X509* issuer, WallTime now) {
  const StorePtr store = trust_in(issuer, now);
  const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> known(
      sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
  sk_X509_push(known.get(), issuer);
  if (OCSP_basic_verify(basic, known.get(), store.get(), OCSP_NOEXPLICIT) == 1) return {};
  if (ERR_GET_REASON(ERR_peek_last_error()) == OCSP_R_MISSING_OCSPSIGNING_USAGE) {
    ERR_clear_error();
    return failure("OCSP response signer missing authorization by CA to act as OCSP signer");
  }
  return failure("bad OCSP signature: " + last_reason());
}

}  // namespace

std::string ocsp_question(X509* certificate, X509* issuer) {
  const RequestPtr request(OCSP_REQUEST_new());
  // Owned by the request.
  OCSP_request_add0_id(request.get(), OCSP_cert_to_id(nullptr, certificate, issuer));
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_REQUEST(request.get(), &der);
  if (size <= 0) return {};
  std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return bytes;
}

Result<OcspAnswer> read_ocsp_answer(std::string_view der, X509* certificate, X509* issuer,
                                    WallTime now) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  const auto* end = at + der.size();
  const ResponsePtr response(d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(der.size())));
  if (response == nullptr) {
    ERR_clear_error();
    return failure("asn1: structure error: not an OCSP response");
  }
  if (at != end) return failure("trailing data in OCSP response");
  const int outcome = OCSP_response_status(response.get());
  if (outcome != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return failure("ocsp: error from server: " + refusal(outcome));
  const BasicPtr basic(OCSP_response_get1_basic(response.get()));
  if (basic == nullptr) {
    ERR_clear_error();
    return failure("bad OCSP response type");
  }
  TRY(check_signer(basic.get(), issuer, now));

  const CertIdPtr id(OCSP_cert_to_id(nullptr, certificate, issuer));
  int status = 0;
  ASN1_GENERALIZEDTIME *this_update = nullptr, *next_update = nullptr;
  if (OCSP_resp_find_status(basic.get(), id.get(), &status, nullptr, nullptr, &this_update,
                            &next_update) != 1) {
    ERR_clear_error();
    return failure("no response matching the supplied certificate");
  }
  OcspAnswer answer;
  answer.der = der;
  answer.status = status == V_OCSP_CERTSTATUS_GOOD      ? OcspStatus::kGood
                  : status == V_OCSP_CERTSTATUS_REVOKED ? OcspStatus::kRevoked
                                                        : OcspStatus::kUnknown;
  answer.this_update = wall_time(this_update);
  if (next_update != nullptr) answer.next_update = wall_time(next_update);
  return answer;
}

Result<void> check_current(const OcspAnswer& answer, WallTime now) {
  if (answer.next_update.ns != 0 && answer.next_update < now)
    return failure("invalid ocsp NextUpdate, is past time: " + time_text(answer.next_update));
  if (answer.this_update > now)
    return failure("invalid ocsp ThisUpdate, is future time: " + time_text(answer.this_update));
  return {};
}

std::string ocsp_get_url(std::string_view responder, std::string_view question) {
  std::string base64(4 * ((question.size() + 2) / 3), '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()),
                  reinterpret_cast<const unsigned char*>(question.data()),
                  static_cast<int>(question.size()));
  if (responder.ends_with('/')) responder.remove_suffix(1);
  std::string url(responder);
  url += '/';
  for (const char c : base64) {
    switch (c) {
      case '+':
        url += "%2B";
        break;
      case '/':
        url += "%2F";
        break;
      case '=':
        url += "%3D";
        break;
      default:
        url += c;
    }
  }
  return url;
}

std::vector<std::string> ocsp_responders(X509* certificate) {
  std::vector<std::string> urls;
  STACK_OF(OPENSSL_STRING)* found = X509_get1_ocsp(certificate);
  for (int i = 0; i < sk_OPENSSL_STRING_num(found); ++i)
    urls.emplace_back(sk_OPENSSL_STRING_value(found, i));
  X509_email_free(found);
  return urls;
}

bool must_staple(X509* certificate) {
  const FeaturesPtr features(
      static_cast<TLS_FEATURE*>(X509_get_ext_d2i(certificate, NID_tlsfeature, nullptr, nullptr)));
  for (int i = 0; i < sk_ASN1_INTEGER_num(features.get()); ++i)
    if (ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features.get(), i)) == kStatusRequest) return true;
  return false;
}

}  // namespace midge::tls
