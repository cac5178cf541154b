// Which of a listener's certificates are stapled, and getting what is stapled to them: from the
// last run's files, else from a responder.
//
// Immutable but for the staples, which are set. Thread: any.
#pragma once

#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "io/env.h"
#include "server/options/options.h"
#include "tls/staple.h"

namespace midge::server {

class Staples {
 public:
  // `staples`: of all certificates, in their order. `env` and `log` outlive it.
  Staples(io::Env& env, Log& log, OcspConfig config, const std::string& store_dir,
          const std::vector<tls::StaplePtr>& staples);

  // Those that are kept current.
  [[nodiscard]] const std::vector<tls::StaplePtr>& chosen() const { return chosen_; }
  // Whether a certificate that is not good (any more) ends the server.
  [[nodiscard]] bool is_fatal() const {
    return config_.mode == OcspMode::kAlways || config_.mode == OcspMode::kMust;
  }

  // Errors: no certificate's issuer is known, or the folder for the files cannot be.
  [[nodiscard]] Result<void> check() const;
  // Takes over what `before` knew of the same certificates, and what is in the files.
  void take_known(const Staples* before);
  // As take_known(), then asks for what is still missing. Blocks. Errors: an answer could not be
  // had, or it says what is fatal.
  [[nodiscard]] Result<void> obtain(const Staples* before);
  // Asks a responder, writes the file, and sets the staple. Blocks.
  [[nodiscard]] Result<tls::OcspAnswerPtr> renew(tls::Staple& staple) const;

 private:
  [[nodiscard]] std::string file_of(const tls::Staple& staple) const;
  void write_file(const tls::Staple& staple, const std::string& der) const;

  io::Env& env_;
  Log& log_;
  OcspConfig config_;
  std::string folder_;  // empty: nothing is kept
  std::vector<tls::StaplePtr> chosen_;
};

}  // namespace midge::server
