#include "server/ocsp/staples.h"

#include <utility>

#include "server/ocsp/responder.h"

namespace midge::server {

Staples::Staples(io::Env& env, Log& log, OcspConfig config, const std::string& store_dir,
                 const std::vector<tls::StaplePtr>& staples)
    : env_(env), log_(log), config_(std::move(config)) {
  if (!store_dir.empty()) folder_ = store_dir + "/ocsp";
  for (const tls::StaplePtr& staple : staples) {
    const bool demanded = staple->is_demanded();
    if (config_.mode == OcspMode::kNever) {
      if (demanded)
        log_.warn("Certificate at '" + staple->cert_file() +
                  "' has MustStaple but OCSP is disabled");
    } else if (demanded || config_.mode == OcspMode::kAlways) {
      chosen_.push_back(staple);
    }
  }
}

Result<void> Staples::check() const {
  if (chosen_.empty()) return {};
  if (!folder_.empty()) {
    if (env_.disk().exists(folder_) && !env_.disk().is_directory(folder_))
      return failure("OCSP storage directory is not a directory");
    if (auto made = env_.disk().make_directory(folder_); !made)
      return failure("could not create OCSP storage directory - " + made.error().text());
  }
  for (const tls::StaplePtr& staple : chosen_) TRY(staple->check_issuer());
  return {};
}

void Staples::take_known(const Staples* before) {
  for (const tls::StaplePtr& staple : chosen_) {
    if (staple->answer() != nullptr) continue;
    if (before != nullptr) {
      for (const tls::StaplePtr& old : before->chosen_)
        if (old->fingerprint() == staple->fingerprint()) staple->set(old->answer());
    }
    if (staple->answer() != nullptr || folder_.empty()) continue;
    const auto bytes = env_.disk().read_file(file_of(*staple));
    if (!bytes) continue;
    // One that is of no use is asked for anew.
    if (auto answer = staple->read(*bytes, env_.clock().wall())) staple->set(*std::move(answer));
  }
}

Result<void> Staples::obtain(const Staples* before) {
  TRY(check());
  take_known(before);
  for (const tls::StaplePtr& staple : chosen_) {
    if (staple->answer() == nullptr) {
      if (auto renewed = renew(*staple); !renewed)
        return failure("bad OCSP status update for certificate at '" + staple->cert_file() +
                       "': " + renewed.error().text());
    }
    const tls::OcspStatus status = staple->answer()->status;
    if (status != tls::OcspStatus::kGood && is_fatal())
      return failure("found existing OCSP status for certificate at '" + staple->cert_file() +
                     "': " + tls::to_text(status));
  }
  return {};
}

Result<tls::OcspAnswerPtr> Staples::renew(tls::Staple& staple) const {
  const std::vector<std::string> urls = config_.urls.empty() ? staple.responders() : config_.urls;
  if (urls.empty()) return failure("no available ocsp servers");
  std::string why;
  for (const std::string& url : urls) {
    const auto der = ask_responder(env_, log_, url, staple.question());
    auto answer = der ? staple.read(*der, env_.clock().wall()) : std::unexpected(der.error());
    if (answer) {
      write_file(staple, *der);
      staple.set(*answer);
      return answer;
    }
    why = (der ? "failed to get remote status from " + url + ": " : "") + answer.error().text();
  }
  return failure("exhausted ocsp servers: " + why);
}

std::string Staples::file_of(const tls::Staple& staple) const {
  return folder_ + "/" + staple.fingerprint();
}

void Staples::write_file(const tls::Staple& staple, const std::string& der) const {
  if (folder_.empty()) return;
  const std::string path = file_of(staple);
  auto written = env_.disk().write_file(path + ".new", der);
  if (written) written = env_.disk().rename_file(path + ".new", path);
  // It is served all the same; the next start asks again.
  if (!written) log_.warn("failed to write ocsp status: " + written.error().text());
}

}  // namespace midge::server
