// Operator mode: accounts by claims. Puts together whom to trust, where claims come from, and who
// decides about logins, and tells the server when an account is new or has changed.
//
// Thread: any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "auth/jwt/account_store.h"
#include "auth/jwt/operator_authenticator.h"
#include "base/log.h"
#include "io/env.h"
#include "io/timer.h"
#include "server/operator/account_conversion.h"
#include "server/operator/account_directory.h"
#include "server/operator/zone_files.h"
#include "server/options/options.h"
#include "tls/context.h"

namespace midge::server {

class OperatorMode {
 public:
  [[nodiscard]] static bool is_wanted(const Options& options);
  // Errors: as nats-server words them. `env` and `log` outlive it.
  static Result<std::unique_ptr<OperatorMode>> make(io::Env& env, Log& log, const Options& options);

  // Another configuration, in two steps: what it comes to, then taking it over. Claims that were
  // pushed to a memory resolver stay, unless the configuration has others now than it had. Errors:
  // it cannot be.
  using Decider = auth::jwt::OperatorAuthenticator;
  struct Next {
    std::shared_ptr<const Decider> authenticator;
    auth::PreloadedClaims preloaded;
  };
  [[nodiscard]] Result<Next> prepare(const Options& options);
  void apply(Next next);

  // What was agreed on changed: sessions are to be asked anew (`recheck`), or there is only another
  // account. `gone`: the account that is no more; "" = none. Called on whatever thread it happens.
  // Set before the server runs.
  using OnChange = std::function<void(bool recheck, std::string_view gone)>;
  void on_change(OnChange callback) { on_change_ = std::move(callback); }

  // Looks once a second, on this loop, whether an activation in use has expired. Before the loop
  // runs.
  void watch(io::Loop& loop);

  // Another object after each change that puts logins in question.
  [[nodiscard]] std::shared_ptr<const Decider> authenticator() const {
    return authenticator_.load();
  }
  // All accounts known now.
  [[nodiscard]] std::vector<broker::AccountConfig> accounts() const;
  [[nodiscard]] std::shared_ptr<auth::jwt::AccountStore> store() const {
    return authenticator_.load()->store();
  }
  [[nodiscard]] std::int64_t pinned_account_fails() const;

  // A claim that was pushed, of well-formed shape; kept if this resolver keeps claims. False:
  // nobody here has to do with that account. Errors: why it is not taken.
  Result<bool> update(std::string_view token);
  // The account is gone: its sessions go.
  Result<void> remove(std::string_view account);

  [[nodiscard]] auth::ResolverConfig::Kind resolver_kind() const { return resolver_.kind; }
  // A cache may always forget.
  [[nodiscard]] bool allows_delete() const {
    return resolver_.allow_delete || resolver_.kind == auth::ResolverConfig::Kind::kCache;
  }
  [[nodiscard]] const std::string& system_account() const { return system_account_; }
  // Null if this resolver keeps no files.
  [[nodiscard]] AccountDirectory* directory() const { return directory_.get(); }

 private:
  OperatorMode(io::Env& env, Log& log) : env_(env), log_(log), zones_(env.disk()) {}
  // Claims of accounts that were pushed to memory, or fetched, serve on after a reload.
  void keep_known(const auth::PreloadedClaims& preloaded, auth::jwt::AccountStore& next) const;
  Result<std::shared_ptr<auth::jwt::AccountSource>> make_source(const Options& options);
  Result<tls::ContextPtr> load_resolver_trust(const Options& options);
  void changed(bool recheck, std::string_view gone = {});
  void on_second();

  io::Env& env_;
  Log& log_;
  ZoneFiles zones_;
  // As at the start: a reload does not change them.
  auth::ResolverConfig resolver_;
  std::string system_account_;
  auth::PreloadedClaims preloaded_;  // by the configuration in force
  std::shared_ptr<AccountDirectory> directory_;
  std::atomic<std::shared_ptr<const Decider>> authenticator_;
  OnChange on_change_;
  io::Loop* loop_ = nullptr;
  io::MemberTimer<&OperatorMode::on_second> second_{*this};
  mutable std::atomic<std::int64_t> next_change_ns_{0};  // wall time; 0 = never
};

}  // namespace midge::server
