// Keeps an issuer's keys current: fetches them on the pool when they are old or one is missing. As
// long as that fails the keys of before stay in use, and the log says so.
//
// Made for one configuration; another makes another. Thread: ring() any; the rest its loop's, or
// before the loop runs. What it has begun on the pool may end after it.
#pragma once

#include <memory>
#include <string>

#include "auth/oidc/oidc_config.h"
#include "base/log.h"
#include "base/result.h"
#include "io/env.h"
#include "io/timer.h"
#include "server/oidc/key_fetch.h"
#include "server/oidc/key_ring.h"

namespace midge::server {

class KeyService : public std::enable_shared_from_this<KeyService> {
 public:
  // All outlive it. Errors: a file that cannot be used.
  static Result<std::shared_ptr<KeyService>> make(io::Env& env, Log& log, io::Loop& loop,
                                                  const auth::OidcConfig& config);
  ~KeyService();

  [[nodiscard]] auth::oidc::KeySourcePtr ring() const { return ring_; }
  // Whether another of this configuration would do the same.
  [[nodiscard]] bool is_for(const auth::OidcConfig& config) const {
    return config_.same_keys(config) && config_.jwks_refresh == config.jwks_refresh &&
           config_.jwks_retry == config.jwks_retry;
  }
  void start();

 private:
  class FetchJob;
  KeyService(io::Env& env, Log& log, io::Loop& loop, const auth::OidcConfig& config)
      : env_(env), log_(log), loop_(loop), config_(config) {}
  Result<void> load();
  // The ring wants keys; on whatever thread it happens.
  static void ask_for_keys(const std::weak_ptr<KeyService>& service, io::Loop& loop);
  void fetch();
  void take(Result<FetchedKeys> fetched);
  void tell(const Result<FetchedKeys>& fetched);
  void on_timer();

  io::Env& env_;
  Log& log_;
  io::Loop& loop_;
  const auth::OidcConfig config_;
  tls::ContextPtr trust_;
  std::shared_ptr<KeyRing> ring_;
  std::string told_;  // why fetches fail, as the log said last; "" = they do not
  io::MemberTimer<&KeyService::on_timer> timer_{*this};
};

}  // namespace midge::server
