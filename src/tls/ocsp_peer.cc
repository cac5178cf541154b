#include "tls/ocsp_peer.h"

#include <array>
#include <utility>

#include <openssl/evp.h>

#include "tls/certificate.h"
#include "tls/openssl_ptr.h"

namespace midge::tls {
namespace {

std::string in_base64(const unsigned char* bytes, int size) {
  std::string text(static_cast<std::size_t>(size + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), bytes, size);
  text.resize(static_cast<std::size_t>(length));
  return text;
}

// As nats-server's cache files have it: SHA-256 of the certificate in base64.
std::string cache_key(X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  return in_base64(digest.data(), static_cast<int>(size));
}

ToldCertificate told(X509* certificate) {
  ToldCertificate facts{
      subject_text(certificate), issuer_text(certificate), cache_key(certificate), {}};
  unsigned char* der = nullptr;
  const int size = i2d_X509(certificate, &der);
  if (size > 0) facts.raw = in_base64(der, size);
  OPENSSL_free(der);
  return facts;
}

std::vector<std::string> web_responders(X509* certificate) {
  std::vector<std::string> urls = ocsp_responders(certificate);
  std::erase_if(urls, [](const std::string& url) {
    return !url.starts_with("http://") && !url.starts_with("https://");
  });
  return urls;
}

}  // namespace

struct OcspPeerCheck::Link {
  X509* certificate;
  X509* issuer;
  std::vector<std::string> responders;
  std::string subject = subject_text(certificate);
  std::string key = cache_key(certificate);
};

OcspPeerCheck::OcspPeerCheck(OcspPeerRules rules, std::shared_ptr<OcspAnswers> answers, OcspGet get,
                             Log& log, OnOcspRejection on_rejection)
    : rules_(rules),
      answers_(std::move(answers)),
      get_(std::move(get)),
      log_(log),
      on_rejection_(std::move(on_rejection)) {}

bool OcspPeerCheck::accepts(STACK_OF(X509) * chain, WallTime now) const {
  const int length = sk_X509_num(chain);
  if (length < 1) {
    log_.error("Peer certificate is nil, rejecting OCSP peer");
    return false;
  }
  log_.debug("Peer OCSP enabled: 1 TLS client chain(s) will be evaluated");
  log_.debug("Chain [0]: " + std::to_string(length) + " total link(s)");
  if (length == 1) {
    log_.debug("Chain [0] is self-signed, thus peer is valid");
    return true;
  }
  std::vector<Link> links;
  for (int i = 0; i + 1 < length; ++i) {
    X509* certificate = sk_X509_value(chain, i);
    std::vector<std::string> responders = web_responders(certificate);
    if (!responders.empty())
      links.push_back({certificate, sk_X509_value(chain, i + 1), std::move(responders)});
  }
  if (links.empty()) {
    log_.debug("Chain [0] has no OCSP eligible links, thus peer is valid");
    return true;
  }
  log_.debug("Chain [0] has " + std::to_string(links.size()) + " OCSP eligible link(s)");
  for (const Link& link : links) {
    const std::string fault = fault_of(link, now);
    if (fault.empty()) continue;
    log_.debug(fault);
    log_.debug("No OCSP valid chains, thus peer is invalid");
    if (on_rejection_)
      on_rejection_({told(sk_X509_value(chain, 0)), told(link.certificate), fault});
    return false;
  }
  log_.debug("Chain [0] is OCSP valid for all eligible links, thus peer is valid");
  return true;
}

std::string OcspPeerCheck::fault_of(const Link& link, WallTime now) const {
  bool was_revoked = false;
  std::optional<OcspAnswer> answer = cached(link, now, was_revoked);
  if (!answer) {
    Finding found = ask(link, now, was_revoked);
    if (!found.answer) {
      return found.may_pass ? std::string() : found.lost;
    }
    answer = std::move(found.answer);
    answers_->keep(link.key, link.subject, *answer);
  }
  const bool bad = answer->status == OcspStatus::kRevoked ||
                   (answer->status == OcspStatus::kUnknown && !rules_.unknown_is_good);
  if (!bad) {
    log_.debug("OCSP verify pass for [" + link.subject + "]");
    return {};
  }
  const std::string status = to_text(answer->status);
  log_.warn("OCSP verify fail for [" + link.subject + "] with CA status [" + status + "]");
  if (passes_with_warning(link)) return {};
  return "Invalid OCSP response status: " + status;
}

std::optional<OcspAnswer> OcspPeerCheck::cached(const Link& link, WallTime now,
                                                bool& was_revoked) const {
  log_.debug("Checking OCSP peer cache for [" + link.subject + "], key [" + link.key + "]");
  const std::optional<std::string> bytes = answers_->find(link.key);
  if (!bytes) return std::nullopt;
  auto answer = read_ocsp_answer(*bytes, link.certificate, link.issuer, now);
  if (!answer) {
    log_.debug("Invalid cached OCSP response for [" + link.subject + "] with fingerprint [" +
               link.key + "]");
    answers_->forget(link.key);
    return std::nullopt;
  }
  // It counts while the responder is out of reach, however old it is.
  was_revoked = answer->status == OcspStatus::kRevoked;
  const std::string status = to_text(answer->status);
  if (is_current(*answer, now)) {
    log_.debug("Cached OCSP response is current, status [" + status + "]");
    return *std::move(answer);
  }
  log_.debug("Cached OCSP response is expired, status [" + status + "]");
  answers_->forget(link.key);
  return std::nullopt;
}

OcspPeerCheck::Finding OcspPeerCheck::ask(const Link& link, WallTime now, bool was_revoked) const {
  const Result<std::string> bytes = fetch(link);
  if (!bytes) {
    const std::string without = "Failed to obtain OCSP CA response for [" + link.subject +
                                "] but AllowWhenCAUnreachable set; ";
    log_.warn("Attempt to obtain OCSP response from CA responder for [" + link.subject +
              "] failed: " + bytes.error().text());
    if (passes_with_warning(link)) return {.may_pass = true};
    const bool may_pass = rules_.allow_when_ca_unreachable && !was_revoked;
    if (may_pass)
      log_.warn(without + "no cached revocation so allowing");
    else if (rules_.allow_when_ca_unreachable)
      log_.warn(without + "cached revocation exists so rejecting");
    return {.lost = "Failed OCSP response fetch", .may_pass = may_pass};
  }
  auto answer = read_ocsp_answer(*bytes, link.certificate, link.issuer, now);
  if (!answer) {
    log_.error("Could not parse OCSP CA response for [" + link.subject +
               "]: " + answer.error().text());
    return {.lost = "Failed OCSP response parse", .may_pass = passes_with_warning(link)};
  }
  if (!is_current(*answer, now)) {
    log_.warn("New OCSP CA response obtained for [" + link.subject + "] but not current");
    return {.lost = "OCSP response not in effectivity window",
            .may_pass = passes_with_warning(link)};
  }
  return {.answer = *std::move(answer)};
}

Result<std::string> OcspPeerCheck::fetch(const Link& link) const {
  const std::string question = ocsp_question(link.certificate, link.issuer);
  std::string why;
  for (const std::string& responder : link.responders) {
    log_.debug("Trying OCSP responder url [" + responder + "]");
    Result<std::string> answer = get_(ocsp_get_url(responder, question), rules_.ca_timeout);
    if (answer && !answer->empty()) return answer;
    why = answer ? "an empty answer" : answer.error().text();
  }
  return failure("exhausted OCSP responders: " + why);
}

bool OcspPeerCheck::is_current(const OcspAnswer& answer, WallTime now) const {
  const WallTime end =
      answer.next_update.ns != 0 ? answer.next_update : answer.this_update + rules_.unset_ttl;
  const std::string clock = "] is before now [" + time_text(now) + "] with clockskew [" +
                            std::to_string(rules_.clock_skew.ns / 1'000'000'000) + "s]";
  if (end + rules_.clock_skew < now) {
    log_.debug((answer.next_update.ns != 0 ? "OCSP response NextUpdate ["
                                           : "OCSP response cache expiry [") +
               time_text(end) + clock);
    return false;
  }
  if (answer.this_update > now + rules_.clock_skew) {
    log_.debug("OCSP response ThisUpdate [" + time_text(answer.this_update) + "] is after now [" +
               time_text(now) + "]");
    return false;
  }
  return true;
}

bool OcspPeerCheck::passes_with_warning(const Link& link) const {
  if (rules_.warn_only)
    log_.warn("OCSP verify fail for [" + link.subject + "] but WarnOnly is true so allowing");
  return rules_.warn_only;
}

}  // namespace midge::tls
