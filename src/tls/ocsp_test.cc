// Goal: only a responder's answer about the very certificate is believed. Method: answers are made
// here, right and wrong, for certificates made here.
#include "tls/ocsp.h"

#include <doctest/doctest.h>

#include <openssl/ocsp.h>

#include "tls/ocsp_peer.h"
#include "tls/openssl_ptr.h"
#include "tls/staple.h"
#include "tls/test_certificates.h"

using namespace midge;
using namespace midge::tls;

namespace {

constexpr Duration kHour = minutes(60);

template <class T, class Read>
T from_pem(const std::string& pem, Read read) {
  const BioPtr in(BIO_new_mem_buf(pem.data(), -1));
  return T(read(in.get(), nullptr, nullptr, nullptr));
}
X509Ptr cert(const std::string& pem) { return from_pem<X509Ptr>(pem, PEM_read_bio_X509); }
KeyPtr key(const std::string& pem) { return from_pem<KeyPtr>(pem, PEM_read_bio_PrivateKey); }

ASN1_GENERALIZEDTIME* time_of(WallTime time) {
  return ASN1_GENERALIZEDTIME_set(nullptr, static_cast<time_t>(time.ns / 1'000'000'000));
}

struct Answer {
  int status = V_OCSP_CERTSTATUS_GOOD;
  WallTime from = kTestNow;
  WallTime until = kTestNow + kHour;  // zero: not said
};

std::string answer_about(X509* certificate, X509* issuer, const TestCertificate& signer,
                         const Answer& what = {}) {
  OCSP_BASICRESP* basic = OCSP_BASICRESP_new();
  OCSP_CERTID* id = OCSP_cert_to_id(nullptr, certificate, issuer);
  ASN1_TIME* from = time_of(what.from);
  ASN1_TIME* until = what.until.ns == 0 ? nullptr : time_of(what.until);
  OCSP_basic_add1_status(basic, id, what.status, OCSP_REVOKED_STATUS_UNSPECIFIED,
                         what.status == V_OCSP_CERTSTATUS_REVOKED ? from : nullptr, from, until);
  const X509Ptr signing = cert(signer.cert_pem);
  const KeyPtr signing_key = key(signer.key_pem);
  OCSP_basic_sign(basic, signing.get(), signing_key.get(), EVP_sha256(), nullptr, 0);
  OCSP_RESPONSE* response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
  unsigned char* der = nullptr;
  const int size = i2d_OCSP_RESPONSE(response, &der);
  std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  OCSP_RESPONSE_free(response);
  OCSP_BASICRESP_free(basic);
  OCSP_CERTID_free(id);
  ASN1_TIME_free(from);
  ASN1_TIME_free(until);
  return bytes;
}

struct World {
  TestAuthority authority{"Authority"}, stranger{"Stranger"};
  X509Ptr issuer = cert(authority.cert_pem());
  X509Ptr alice = cert(authority
                           .issue({.name = {{"CN", "alice"}},
                                   .more = {{NID_info_access, "OCSP;URI:http://a.test/"},
                                            {NID_tlsfeature, "status_request"}}})
                           .cert_pem);
  X509Ptr bob = cert(authority.issue({.name = {{"CN", "bob"}}}).cert_pem);

  [[nodiscard]] std::string read(const std::string& der) const {
    const auto answer = read_ocsp_answer(der, alice.get(), issuer.get(), kTestNow);
    return answer ? to_text(answer->status) : answer.error().text();
  }
};

const World& world() {
  static const World made;
  return made;
}

TEST_CASE("what certificates say of OCSP") {
  CHECK(ocsp_responders(world().alice.get()) == std::vector<std::string>{"http://a.test/"});
  CHECK(ocsp_responders(world().bob.get()).empty());
  CHECK(must_staple(world().alice.get()));
  CHECK(!must_staple(world().bob.get()));
}

TEST_CASE("a question is one, and its letters are escaped in a URL") {
  const std::string question = ocsp_question(world().alice.get(), world().issuer.get());
  const auto* at = reinterpret_cast<const unsigned char*>(question.data());
  OCSP_REQUEST* request = d2i_OCSP_REQUEST(nullptr, &at, static_cast<long>(question.size()));
  CHECK(OCSP_request_onereq_count(request) == 1);
  OCSP_REQUEST_free(request);
  CHECK(ocsp_get_url("http://a/", "\xff\xef\xbe\x01") == "http://a/%2F%2B%2B%2BAQ%3D%3D");
  CHECK(ocsp_get_url("http://a", "") == "http://a/");
}

TEST_CASE("an answer of the issuer is read") {
  const World& w = world();
  const TestCertificate& self = w.authority.self();
  const auto about = [&](const Answer& what) {
    return w.read(answer_about(w.alice.get(), w.issuer.get(), self, what));
  };
  CHECK(about({}) == "good");
  CHECK(about({.status = V_OCSP_CERTSTATUS_REVOKED}) == "revoked");
  CHECK(about({.status = V_OCSP_CERTSTATUS_UNKNOWN}) == "unknown");
  const auto answer = read_ocsp_answer(answer_about(w.alice.get(), w.issuer.get(), self),
                                       w.alice.get(), w.issuer.get(), kTestNow);
  CHECK(answer->this_update == kTestNow);
  CHECK(answer->next_update == kTestNow + kHour);
}

TEST_CASE("an answer of somebody else, about somebody else, or none at all is refused") {
  const World& w = world();
  const auto signed_by = [&](const TestCertificate& signer) {
    return w.read(answer_about(w.alice.get(), w.issuer.get(), signer));
  };
  CHECK(signed_by(w.stranger.self()).starts_with("bad OCSP signature: "));
  CHECK(signed_by(w.authority.issue({.name = {{"CN", "r"}}, .usage = "OCSPSigning"})) == "good");
  CHECK(signed_by(w.authority.issue({.name = {{"CN", "r"}}, .usage = "serverAuth"})) ==
        "OCSP response signer missing authorization by CA to act as OCSP signer");
  CHECK(signed_by(w.stranger.issue({.name = {{"CN", "r"}}, .usage = "OCSPSigning"}))
            .starts_with("bad OCSP signature: "));
  const WallTime over{1'750'000'000'000'000'000};
  CHECK(signed_by(w.authority.issue({.name = {{"CN", "r"}}, .usage = "OCSPSigning", .until = over}))
            .starts_with("bad OCSP signature: "));

  CHECK(w.read(answer_about(w.bob.get(), w.issuer.get(), w.authority.self())) ==
        "no response matching the supplied certificate");
  const std::string good = answer_about(w.alice.get(), w.issuer.get(), w.authority.self());
  CHECK(w.read(good + "x") == "trailing data in OCSP response");
  CHECK(w.read("") == "asn1: structure error: not an OCSP response");
  CHECK(w.read("\x30\x03\x0a\x01\x06") == "ocsp: error from server: unauthorized");
  std::string flipped = good;
  flipped[60] = static_cast<char>(flipped[60] ^ 1);  // among what is signed
  CHECK(w.read(flipped) != "good");
}

TEST_CASE("which answers are current") {
  OcspAnswer answer{.this_update = kTestNow, .next_update = kTestNow + kHour};
  CHECK(check_current(answer, kTestNow));
  CHECK(check_current(answer, kTestNow + kHour));
  CHECK(check_current(answer, kTestNow + kHour + seconds(1)).error().text() ==
        "invalid ocsp NextUpdate, is past time: 2027-01-15T09:00:00Z");
  CHECK(check_current(answer, WallTime{kTestNow.ns - 1'000'000'000}).error().text() ==
        "invalid ocsp ThisUpdate, is future time: 2027-01-15T08:00:00Z");
  answer.next_update = {};
  CHECK(check_current(answer, kTestNow + kHour * 1000));
}

TEST_CASE("whom a staple asks about") {
  const World& w = world();
  const auto issuer_of = [](std::vector<X509*> chain, std::vector<X509*> authorities) {
    const auto found = Staple("c.pem", chain, authorities).check_issuer();
    return found ? "found" : found.error().text();
  };
  const X509Ptr stranger = cert(w.stranger.cert_pem());
  CHECK(issuer_of({w.alice.get()}, {w.issuer.get()}) == "found");
  CHECK(issuer_of({w.alice.get(), w.issuer.get()}, {stranger.get()}) == "found");
  CHECK(issuer_of({w.alice.get()}, {stranger.get()}) == "no issuers found");
  CHECK(issuer_of({w.alice.get(), w.bob.get()}, {w.issuer.get()}) == "no issuers found");
}

class QuietLog final : public Log {
  void write(LogLevel, std::string_view) override {}
};

// Has one answer for every question, or none.
class Answers final : public OcspAnswers {
 public:
  explicit Answers(std::string der) : der_(std::move(der)) {}
  std::optional<std::string> find(const std::string&) override {
    if (der_.empty()) return std::nullopt;
    return der_;
  }
  void keep(const std::string&, const std::string&, const OcspAnswer&) override {}
  void forget(const std::string&) override {}

 private:
  const std::string der_;
};

TEST_CASE("[AUTH-40] rules for clients' certificates") {
  const World& w = world();
  const std::string good = answer_about(w.alice.get(), w.issuer.get(), w.authority.self());
  const std::string revoked = answer_about(w.alice.get(), w.issuer.get(), w.authority.self(),
                                           {.status = V_OCSP_CERTSTATUS_REVOKED});
  const std::string unknown = answer_about(w.alice.get(), w.issuer.get(), w.authority.self(),
                                           {.status = V_OCSP_CERTSTATUS_UNKNOWN});
  const std::string endless =
      answer_about(w.alice.get(), w.issuer.get(), w.authority.self(), {.until = WallTime{}});
  struct {
    const char* title;
    OcspPeerRules rules;
    std::string cached, answer;  // "" = none
    WallTime now;
    bool accepted;
    int asked;
  } table[] = {
      {"good", {}, "", good, kTestNow, true, 1},
      {"revoked", {}, "", revoked, kTestNow, false, 1},
      {"revoked, only warned of", {.warn_only = true}, "", revoked, kTestNow, true, 1},
      {"unknown", {}, "", unknown, kTestNow, false, 1},
      {"unknown is good", {.unknown_is_good = true}, "", unknown, kTestNow, true, 1},
      {"cached", {}, good, "", kTestNow, true, 0},
      {"cached revocation", {}, revoked, good, kTestNow, false, 0},
      {"cached, within the skew", {}, good, "", kTestNow + kHour + seconds(30), true, 0},
      {"cached, run out", {}, good, good, kTestNow + kHour + seconds(31), false, 1},
      {"from the future, within the skew",
       {},
       "",
       good,
       WallTime{kTestNow.ns - 30'000'000'000},
       true,
       1},
      {"from the future", {}, "", good, WallTime{kTestNow.ns - 31'000'000'000}, false, 1},
      {"cached, no end said", {}, endless, "", kTestNow + kHour + seconds(30), true, 0},
      {"cached, no end said, over", {}, endless, "", kTestNow + kHour + seconds(31), false, 1},
      {"nobody answers", {}, "", "", kTestNow, false, 1},
      {"nobody answers, only warned of", {.warn_only = true}, "", "", kTestNow, true, 1},
      {"nobody answers, allowed", {.allow_when_ca_unreachable = true}, "", "", kTestNow, true, 1},
      {"nobody answers, but it was revoked",
       {.allow_when_ca_unreachable = true},
       revoked,
       "",
       kTestNow + kHour * 2,
       false,
       1},
      {"rubbish in the cache", {}, "rubbish", good, kTestNow, true, 1},
      {"rubbish from the responder", {}, "", "rubbish", kTestNow, false, 1},
  };
  STACK_OF(X509)* chain = sk_X509_new_null();
  sk_X509_push(chain, w.alice.get());
  sk_X509_push(chain, w.issuer.get());
  QuietLog log;
  for (const auto& row : table) {
    CAPTURE(row.title);
    int asked = 0;
    const auto get = [&](const std::string& url, Duration) -> Result<std::string> {
      CHECK(url.starts_with("http://a.test/"));
      ++asked;
      if (row.answer.empty()) return failure("nobody");
      return row.answer;
    };
    const OcspPeerCheck check(row.rules, std::make_shared<Answers>(row.cached), get, log);
    CHECK(check.accepts(chain, row.now) == row.accepted);
    CHECK(asked == row.asked);
  }
  sk_X509_free(chain);
}

}  // namespace
