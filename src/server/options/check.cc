#include <algorithm>
#include <string>

#include "broker/memory_budget.h"
#include "codec/conf/duration.h"
#include "crypto/nkey.h"
#include "server/options/check_logins.h"
#include "server/options/host_port.h"
#include "server/options/options.h"
#include "server/options/websocket_block.h"
#include "subject/subject.h"

namespace midge::server {

namespace {

Result<void> check_default_domain(const Options& options, const std::string& account,
                                  const std::string& domain) {
  const std::string named = "default_js_domain contains account name \"" + account + "\"";
  if (!options.auth.operator_jwts.empty() || !options.auth.trusted_keys.empty()) {
    if (!crypto::is_public_nkey(crypto::NkeyKind::kAccount, account))
      return failure(named + ", which is not a valid public account nkey");
  } else if (account != "$G") {
    const auto found = std::ranges::find(options.accounts, account, &broker::AccountConfig::name);
    if (found == options.accounts.end())
      return failure(
          "in non operator mode, `default_js_domain` references non existing account \"" + account +
          "\"");
    if (found->jetstream && !domain.empty()) return failure(named + " with enabled JetStream");
  }
  if (account == system_account_name(options))
    return failure("system account \"" + account + "\" can not be in default_js_domain");
  if (!domain.empty() && !subject::is_valid("$JS." + domain + ".API.>"))
    return failure("default_js_domain contains account \"" + account +
                   "\" with invalid domain name \"" + domain + "\"");
  return {};
}

Result<void> check_jetstream(const Options& options) {
  for (const auto& [account, domain] : options.default_js_domains)
    TRY(check_default_domain(options, account, domain));
  const std::string& domain = options.jetstream.domain;
  if (domain.empty()) return {};
  if (domain.find_first_of(".*>") != std::string::npos)
    return failure("invalid domain name: may not contain ., * or >");
  if (domain.find_first_of(" \t\r\n") != std::string::npos)
    return failure("invalid domain name: derived \"$JS." + domain +
                   ".API.>\" is not a valid subject");
  return {};
}

}  // namespace

Result<void> check(const Options& options) {
  if (options.max_payload > options.max_pending)
    return failure("max_payload (" + std::to_string(options.max_payload) +
                   ") cannot be higher than max_pending (" + std::to_string(options.max_pending) +
                   ")");
  if (options.server_name.find(' ') != std::string::npos)
    return failure("server name cannot contain spaces");
  if (options.lame_duck_grace_period >= options.lame_duck_duration)
    return failure("lame duck grace period (" +
                   conf::format_duration(options.lame_duck_grace_period) +
                   ") should be strictly lower than lame duck duration (" +
                   conf::format_duration(options.lame_duck_duration) + ")");
  // nats-server crashes here.
  if (options.max_closed_clients < 0) return failure("max_closed_clients can not be negative");
  if (options.memory_limit != 0 && options.memory_limit < broker::MemoryBudget::kLimitMin)
    return failure("memory_limit must be at least 64MB");
  TRY(check_jetstream(options));
  TRY(check_logins(options));
  return check_websocket(options);
}

Result<void> check_start(const Options& options) {
  const auto is_port = [](int port) { return port >= -1 && port <= 65535; };
  const auto invalid_port = [](int port) {
    return "listen tcp: address " + std::to_string(port) + ": invalid port";
  };
  if (options.http_port != 0 && options.https_port != 0)
    return failure("Can't start monitoring: can't specify both HTTP (" +
                   std::to_string(options.http_port) + ") and HTTPs (" +
                   std::to_string(options.https_port) + ") ports");
  if (options.https_port != 0 && !options.tls)
    return failure("Can't start monitoring: TLS cert and key required for HTTPS");
  if (!is_port(options.http_port))
    return failure("Can't start monitoring: can't listen to the monitor port: " +
                   invalid_port(options.http_port));
  if (!is_port(options.prof_port))
    return failure("error starting profiler: " + invalid_port(options.prof_port));
  if (!is_port(options.port))
    return failure("Error listening on port: " + options.host + ":" + std::to_string(options.port) +
                   ", \"" + invalid_port(options.port) + "\"");
  if (const std::string system = system_account_name(options); options.jetstream_enabled)
    for (const broker::AccountConfig& account : options.accounts)
      if (account.name == system && account.jetstream)
        return failure("Not allowed to enable JetStream on the system account");
  if (options.client_advertise.empty()) return {};
  if (auto address = parse_advertised_address(options.client_advertise, options.port); !address)
    return failure("Error setting server INFO with ClientAdvertise value of " +
                   options.client_advertise + ", err=" + address.error().text());
  return {};
}

}  // namespace midge::server
