// Asks the authorities' responders whether the certificates of a peer are still good, while its
// handshake is under way: each link of the verified chain that names a responder must be.
//
// Thread: any, several at once; it waits for responders, so a handshake's steps run on the pool.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "tls/ocsp.h"
#include "tls/tls_config.h"

struct stack_st_X509;

namespace midge::tls {

// Where answers are kept between handshakes, under the fingerprint of the certificate. Thread: any.
class OcspAnswers {
 public:
  virtual ~OcspAnswers() = default;
  // The answer's bytes, which are checked as if they had just come.
  virtual std::optional<std::string> find(const std::string& key) = 0;
  virtual void keep(const std::string& key, const std::string& subject,
                    const OcspAnswer& answer) = 0;
  // What find() gave is of no use.
  virtual void forget(const std::string& key) = 0;
};

// GET of a URL: the answer's body. Blocks.
using OcspGet = std::function<Result<std::string>(const std::string& url, Duration timeout)>;

// A certificate as it is told of; the last two in base64.
struct ToldCertificate {
  std::string subject, issuer;
  std::string fingerprint;  // SHA-256 of `raw`
  std::string raw;
};

// A peer that did not pass, and the certificate of its chain because of which.
struct OcspRejection {
  ToldCertificate peer, link;
  std::string reason;
};
using OnOcspRejection = std::function<void(const OcspRejection&)>;  // any thread

class OcspPeerCheck {
 public:
  // What a peer is told whose certificate did not pass.
  static constexpr std::string_view kRejection = "client not OCSP valid";

  // `log` outlives it. `on_rejection` may be empty.
  OcspPeerCheck(OcspPeerRules rules, std::shared_ptr<OcspAnswers> answers, OcspGet get, Log& log,
                OnOcspRejection on_rejection = {});

  // `chain`: verified, the leaf first, the trusted authority last, which is not asked after.
  [[nodiscard]] bool accepts(stack_st_X509* chain, WallTime now) const;

 private:
  struct Link;
  // What was found of a link. `lost` says why there is no answer to judge by.
  struct Finding {
    std::optional<OcspAnswer> answer;
    std::string lost;
    bool may_pass = false;  // all the same, by the rules
  };

  // Why it is not good; "" = it is.
  [[nodiscard]] std::string fault_of(const Link& link, WallTime now) const;
  [[nodiscard]] std::optional<OcspAnswer> cached(const Link& link, WallTime now,
                                                 bool& was_revoked) const;
  [[nodiscard]] Finding ask(const Link& link, WallTime now, bool was_revoked) const;
  [[nodiscard]] Result<std::string> fetch(const Link& link) const;
  [[nodiscard]] bool is_current(const OcspAnswer& answer, WallTime now) const;
  [[nodiscard]] bool passes_with_warning(const Link& link) const;

  const OcspPeerRules rules_;
  const std::shared_ptr<OcspAnswers> answers_;
  const OcspGet get_;
  Log& log_;
  const OnOcspRejection on_rejection_;
};

using OcspPeerCheckPtr = std::shared_ptr<const OcspPeerCheck>;

}  // namespace midge::tls
