#include "server/callout/callout_logins.h"

#include <algorithm>
#include <utility>

#include "auth/jwt/config_callout.h"
#include "auth/jwt/operator_callout.h"
#include "server/authentication.h"
#include "server/options/quoted.h"

namespace midge::server {
namespace {

std::shared_ptr<const auth::jwt::CalloutServer> callout_server(const Options& options,
                                                               const Identity& identity,
                                                               const ServerKeys& keys) {
  auto server = std::make_shared<auth::jwt::CalloutServer>();
  server->name = identity.name;
  server->host = identity.told_host();
  server->version = kCompatibilityVersion;
  server->tags = options.server_tags;
  server->key = keys.key;
  server->xkey = keys.xkey;
  server->timeout = options.auth.timeout;
  return server;
}

std::vector<std::string> account_names(const Options& options) {
  std::vector<std::string> names = {"$G"};
  for (const broker::AccountConfig& account : options.accounts) names.push_back(account.name);
  if (options.system_account.empty() && !options.no_system_account) names.emplace_back("$SYS");
  return names;
}

}  // namespace

auth::AuthenticatorPtr make_config_callout(const Options& options, const Identity& identity,
                                           const ServerKeys& keys,
                                           const auth::jwt::ZoneSource& zones) {
  return std::make_shared<const auth::jwt::ConfigCallout>(
      options.auth, maps_certificates(options), account_names(options),
      callout_server(options, identity, keys), zones);
}

auth::AuthenticatorPtr make_operator_callout(
    std::shared_ptr<const auth::jwt::OperatorAuthenticator> users, const Options& options,
    const Identity& identity, const ServerKeys& keys, const auth::jwt::ZoneSource& zones) {
  return std::make_shared<const auth::jwt::OperatorCallout>(
      std::move(users), callout_server(options, identity, keys), zones);
}

std::vector<std::string> callout_faults(const Options& options) {
  std::vector<std::string> faults;
  if (!options.auth.callout) return faults;
  const auth::CalloutConfig& callout = *options.auth.callout;
  const std::vector<std::string> accounts = account_names(options);
  const bool has_account = std::ranges::find(accounts, callout.account) != accounts.end();
  if (!has_account)
    faults.push_back("Authorization callout account " + quoted(callout.account) + " not valid");
  for (const std::string& name : callout.auth_users) {
    const bool is_user = std::ranges::any_of(options.auth.users, [&](const auth::UserConfig& user) {
      return user.user == name || user.nkey == name;
    });
    // What follows the colon is nothing, as nats-server prints it.
    if (!is_user)
      faults.push_back("Authorization callout user " + quoted(name) +
                       " not valid: " + (has_account ? "<nil>" : "account missing"));
  }
  return faults;
}

}  // namespace midge::server
