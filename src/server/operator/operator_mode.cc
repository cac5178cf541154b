#include "server/operator/operator_mode.h"

#include <algorithm>
#include <utility>

#include "server/operator/memory_source.h"
#include "server/operator/url_source.h"

namespace midge::server {

using auth::ResolverConfig;
using auth::jwt::AccountPtr;
using auth::jwt::AccountStore;
using auth::jwt::TrustedOperators;

bool OperatorMode::is_wanted(const Options& options) {
  return !options.auth.operator_jwts.empty() || !options.auth.trusted_keys.empty();
}

Result<std::unique_ptr<OperatorMode>> OperatorMode::make(io::Env& env, Log& log,
                                                         const Options& options) {
  std::unique_ptr<OperatorMode> mode(new OperatorMode(env, log));
  mode->resolver_ = options.auth.resolver.value_or(ResolverConfig{});
  mode->system_account_ = options.system_account;
  ASSIGN_OR_RETURN(Next first, mode->prepare(options));
  mode->apply(std::move(first));
  return mode;
}

Result<tls::ContextPtr> OperatorMode::load_resolver_trust(const Options& options) {
  const tls::ReadFile read_file = [this](const std::string& path) {
    return env_.disk().read_file(path);
  };
  return tls::Context::load(options.resolver_tls.value_or(tls::TlsConfig{}), read_file,
                            tls::Context::Use::kClient);
}

Result<std::shared_ptr<auth::jwt::AccountSource>> OperatorMode::make_source(
    const Options& options) {
  const auth::AuthConfig& auth = options.auth;
  switch (resolver_.kind) {
    case ResolverConfig::Kind::kMemory:
      return std::make_shared<MemorySource>(auth.preloaded);
    case ResolverConfig::Kind::kUrl: {
      ASSIGN_OR_RETURN(tls::ContextPtr trust, load_resolver_trust(options));
      const auto source =
          std::make_shared<UrlSource>(resolver_.url, env_.net(), env_.clock(), std::move(trust));
      // Who cannot be reached at the start will not be later: better to hear of it now. A reload
      // does not wait for anybody.
      if (!authenticator_.load()) TRY(source->fetch(""));
      return source;
    }
    case ResolverConfig::Kind::kFull:
    case ResolverConfig::Kind::kCache:
      break;
  }
  if (!directory_) {
    ASSIGN_OR_RETURN(directory_, AccountDirectory::open(resolver_, env_.disk(), env_.clock()));
    const bool is_full = resolver_.kind == ResolverConfig::Kind::kFull;
    log_.info(std::string(is_full ? "Managing all jwt" : "Managing some jwt") +
              " in exclusive directory " + resolver_.directory);
  }
  for (const auto& [account, token] : auth.preloaded) {
    const auto saved = directory_->save_if_newer(account, token);
    if (saved) continue;
    if (saved.error().code() != ErrorCode::kNoSpace) return std::unexpected(saved.error());
    log_.error("Account " + account + " is not preloaded: " + saved.error().text());
  }
  return directory_;
}

Result<OperatorMode::Next> OperatorMode::prepare(const Options& options) {
  const auth::AuthConfig& auth = options.auth;
  if (auth.resolver.value_or(ResolverConfig{}) != resolver_)
    return failure("config reload not supported for AccountResolver");
  ASSIGN_OR_RETURN(
      TrustedOperators operators,
      TrustedOperators::make(auth.operator_jwts, auth.trusted_keys, kCompatibilityVersion));
  ASSIGN_OR_RETURN(const auto source, make_source(options));
  const auto store = std::make_shared<AccountStore>(std::move(operators), source);
  const WallTime now = env_.clock().wall();
  keep_known(auth.preloaded, *store);
  if (!system_account_.empty())
    if (const auto record = store->get(system_account_, now); !record)
      return std::unexpected(record.error().within("error resolving system account"));
  // What is wrong with the others is told when somebody wants to log in to them.
  for (const auto& [account, token] : auth.preloaded) (void)store->get(account, now);
  store->on_fetched([this](const AccountPtr&) { changed(false); });
  return Next{std::make_shared<const Decider>(
                  auth::jwt::OperatorRules{auth.pinned_accounts, system_account_,
                                           auth.default_sentinel, auth.trusted_proxies},
                  store, zones_),
              auth.preloaded};
}

void OperatorMode::apply(Next next) {
  authenticator_.store(std::move(next.authenticator));
  preloaded_ = std::move(next.preloaded);
}

// Directories have them in their files.
void OperatorMode::keep_known(const auth::PreloadedClaims& preloaded, AccountStore& next) const {
  if (directory_ || !authenticator_.load()) return;
  const auto keep = [&](const AccountPtr& known) {
    if (auto record = next.check(known->token, env_.clock().wall())) next.put(*std::move(record));
  };
  if (resolver_.kind == ResolverConfig::Kind::kUrl) {
    for (const AccountPtr& known : store()->all()) keep(known);
    return;
  }
  for (const auto& entry : preloaded) {
    if (std::ranges::find(preloaded_, entry) == preloaded_.end()) continue;
    const AccountPtr known = store()->known(entry.first);
    if (known && known->token != entry.second) keep(known);
  }
}

std::vector<broker::AccountConfig> OperatorMode::accounts() const {
  ConvertedAccounts converted = convert_accounts(store()->all(), env_.clock().wall());
  for (const std::string& text : converted.left_out) log_.debug(text);
  next_change_ns_.store(converted.next_change.ns);
  return std::move(converted.accounts);
}

void OperatorMode::watch(io::Loop& loop) {
  loop_ = &loop;
  loop.timers().arm(second_, loop.now() + seconds(1));
}

void OperatorMode::on_second() {
  loop_->timers().arm(second_, loop_->now() + seconds(1));
  const std::int64_t next = next_change_ns_.load();
  if (next == 0 || env_.clock().wall().ns < next) return;
  next_change_ns_.store(0);
  changed(false);
}

std::int64_t OperatorMode::pinned_account_fails() const {
  return authenticator_.load()->pinned_account_fails();
}

Result<bool> OperatorMode::update(std::string_view token) {
  ASSIGN_OR_RETURN(const auto claims, auth::jwt::decode_account(token));
  const std::string& account = claims.head.subject;
  const bool is_known = store()->known(account) != nullptr;
  const bool is_full = resolver_.kind == ResolverConfig::Kind::kFull;
  const bool is_kept = directory_ && (is_full || directory_->has(account));
  if (is_kept) TRY(directory_->save(account, token));
  if (!is_known) return is_kept;
  auto record = store()->check(token, env_.clock().wall());
  if (record) {
    store()->put(std::move(*record));
    changed(true);
  } else if (directory_) {
    // It is kept, as asked; whoever logs in is told what is wrong with it.
    log_.error("Account " + account + " update: " + record.error().text());
  } else {
    return std::unexpected(record.error());
  }
  return true;
}

Result<void> OperatorMode::remove(std::string_view account) {
  if (directory_) TRY(directory_->remove(account));
  store()->remove(account);
  changed(true, account);
  return {};
}

void OperatorMode::changed(bool recheck, std::string_view gone) {
  if (recheck) authenticator_.store(authenticator_.load()->renewed());
  if (on_change_) on_change_(recheck, gone);
}

}  // namespace midge::server
