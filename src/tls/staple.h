// A certificate that a listener serves, and the last word of its authority's responder about it:
// what handshakes staple to it, as long as it is current.
//
// A renewed certificate is another object, with a word of its own. Who fetches words, and when, is
// the server's (server/ocsp/stapler.h). Thread: any.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "tls/ocsp.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

namespace midge::tls {

using OcspAnswerPtr = std::shared_ptr<const OcspAnswer>;

class Staple {
 public:
  // `chain`: what is served, the leaf first. `authorities`: of `ca_file`; if there are none, the
  // system's. They are shared, not copied.
  Staple(std::string cert_file, const std::vector<x509_st*>& chain,
         const std::vector<x509_st*>& authorities);
  ~Staple();
  Staple(const Staple&) = delete;
  Staple& operator=(const Staple&) = delete;

  [[nodiscard]] const std::string& cert_file() const { return cert_file_; }
  [[nodiscard]] std::string fingerprint() const;  // of the certificate, hex
  [[nodiscard]] bool is_demanded() const;         // by the certificate itself
  [[nodiscard]] std::vector<std::string> responders() const;

  // Looks for the issuer. Errors: why nobody can be asked about this certificate. Before the
  // staple is used by several threads.
  [[nodiscard]] Result<void> check_issuer();
  // Both only if the issuer is known.
  [[nodiscard]] std::string question() const;
  // Errors: no answer to the question, not signed by whom it must be, or not current.
  [[nodiscard]] Result<OcspAnswerPtr> read(std::string_view der, WallTime now) const;

  [[nodiscard]] OcspAnswerPtr answer() const { return answer_.load(); }
  void set(OcspAnswerPtr answer) { answer_.store(std::move(answer)); }

  // Handshakes of this context take it from here; it outlives the context.
  void serve(ssl_ctx_st* context);

 private:
  static int on_status_request(ssl_st* ssl, void* staple);

  const std::string cert_file_;
  x509_st* leaf_;
  x509_st* issuer_ = nullptr;  // null: not known
  bool ask_system_ = false;    // for the issuer: its authorities cost memory, so only if wanted
  std::atomic<OcspAnswerPtr> answer_;
};

using StaplePtr = std::shared_ptr<Staple>;

}  // namespace midge::tls
