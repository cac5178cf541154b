#include "server/oidc/key_service.h"

#include <utility>

#include "broker/call_mail.h"
#include "io/pool.h"

namespace midge::server {

class KeyService::FetchJob final : public io::Job {
 public:
  explicit FetchJob(KeyService& service)
      : service_(service.weak_from_this()),
        env_(service.env_),
        config_(service.config_),
        trust_(service.trust_) {}

  void run() override { fetched_ = fetch_keys(env_.net(), env_.clock(), config_, trust_); }
  void done() override {
    if (const auto service = service_.lock()) service->take(std::move(fetched_));
  }

 private:
  std::weak_ptr<KeyService> service_;  // locked on its loop only
  io::Env& env_;
  auth::OidcConfig config_;
  tls::ContextPtr trust_;
  Result<FetchedKeys> fetched_;
};

Result<std::shared_ptr<KeyService>> KeyService::make(io::Env& env, Log& log, io::Loop& loop,
                                                     const auth::OidcConfig& config) {
  std::shared_ptr<KeyService> service(new KeyService(env, log, loop, config));
  TRY(service->load());
  return service;
}

KeyService::~KeyService() { loop_.timers().cancel(timer_); }

Result<void> KeyService::load() {
  if (!config_.jwks_file.empty()) {
    auto keys = auth::oidc::read_jwk_set(config_.jwks);
    if (!keys) return std::unexpected(keys.error().within(config_.jwks_file));
    ring_ = std::make_shared<KeyRing>(env_.clock(), std::move(*keys));
    return {};
  }
  tls::TlsConfig trusted;
  trusted.ca_file = config_.ca_file;
  const tls::ReadFile read_file = [this](const std::string& path) {
    return env_.disk().read_file(path);
  };
  auto trust = tls::Context::load(trusted, read_file, tls::Context::Use::kClient);
  if (!trust) return std::unexpected(trust.error().within("oidc ca_file"));
  trust_ = std::move(*trust);
  ring_ = std::make_shared<KeyRing>(
      env_.clock(), config_.jwks_retry,
      [self = weak_from_this(), &loop = loop_] { ask_for_keys(self, loop); });
  return {};
}

void KeyService::ask_for_keys(const std::weak_ptr<KeyService>& service, io::Loop& loop) {
  loop.post(broker::call_worker([service](broker::Worker&) {
    if (const auto alive = service.lock()) alive->fetch();
  }));
}

void KeyService::start() {
  if (config_.jwks_file.empty() && ring_->begin()) fetch();
}

void KeyService::fetch() {
  loop_.timers().cancel(timer_);
  env_.pool().submit(loop_, std::make_unique<FetchJob>(*this));
}

void KeyService::on_timer() {
  if (ring_->begin()) fetch();
}

void KeyService::take(Result<FetchedKeys> fetched) {
  tell(fetched);
  Duration next = config_.jwks_retry;
  if (fetched) {
    next = fetched->max_age.ns > 0 ? fetched->max_age : config_.jwks_refresh;
    ring_->fetched(std::move(fetched->keys));
  } else {
    ring_->failed(fetched.error().text());
  }
  loop_.timers().arm(timer_, loop_.now() + next);
}

void KeyService::tell(const Result<FetchedKeys>& fetched) {
  const std::string keys = "OIDC: keys of " + config_.issuer;
  const auth::oidc::JwkSetPtr before = ring_->keys();
  if (!fetched) {
    if (told_ == fetched.error().text()) return;
    told_ = fetched.error().text();
    log_.warn(keys + " could not be fetched, " +
              (before ? "those of before stay in use: " : "nobody can log in by them: ") + told_);
    return;
  }
  if (!before || !told_.empty() || before->keys.size() != fetched->keys->keys.size())
    log_.info(keys + ": " + std::to_string(fetched->keys->keys.size()) + " fetched");
  told_.clear();
  for (const std::string& text : fetched->keys->left_out) log_.debug(keys + ": " + text);
}

}  // namespace midge::server
