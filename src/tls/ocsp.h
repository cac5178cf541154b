// The Online Certificate Status Protocol (RFC 6960): asking whether a certificate is still good,
// and reading the signed answer. Bytes only; who is asked, and how, is the caller's.
//
// Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

struct x509_st;

namespace midge::tls {

enum class OcspStatus : std::uint8_t { kGood, kRevoked, kUnknown };

constexpr const char* to_text(OcspStatus status) {
  constexpr const char* kTexts[] = {"good", "revoked", "unknown"};
  return kTexts[static_cast<unsigned>(status)];
}

struct OcspAnswer {
  std::string der;  // as it came, and as it is stapled
  OcspStatus status = OcspStatus::kUnknown;
  WallTime this_update;
  WallTime next_update;  // zero: the responder does not say
};

// A question about `certificate`, which `issuer` made: DER.
std::string ocsp_question(x509_st* certificate, x509_st* issuer);

// An answer about this very certificate, signed by its issuer or by whom the issuer made a
// responder. Whether it is current is not looked at: what is too old depends on who asks.
// `now`: for the certificate of the responder.
Result<OcspAnswer> read_ocsp_answer(std::string_view der, x509_st* certificate, x509_st* issuer,
                                    WallTime now);

// Errors: it ran out, or is from the future.
Result<void> check_current(const OcspAnswer& answer, WallTime now);

// What GET asks for: the responder's URL with the question behind it.
std::string ocsp_get_url(std::string_view responder, std::string_view question);

// Who answers for a certificate, as it says itself.
std::vector<std::string> ocsp_responders(x509_st* certificate);

// Whether the certificate says that it must come with an answer (RFC 7633, "must staple").
bool must_staple(x509_st* certificate);

}  // namespace midge::tls
