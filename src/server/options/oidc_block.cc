#include "server/options/oidc_block.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/oidc/jwk_set.h"
#include "codec/conf/duration.h"
#include "server/options/fields.h"
#include "server/options/permissions_block.h"
#include "server/options/quoted.h"
#include "server/options/tls_block.h"
#include "server/url.h"

namespace midge::server {
namespace {

using auth::OidcConfig;
using conf::Kind;
using conf::Member;

constexpr Duration kLeewayMax = minutes(60);

template <std::string OidcConfig::*Field>
void read_text(const Member& member, OidcConfig& config, Findings& findings) {
  auto text = text_of(member, findings);
  if (!text) return;
  if (text->empty()) findings.error(member.position, "oidc " + member.key + " is empty");
  config.*Field = std::move(*text);
}

template <std::string OidcConfig::*Field>
void read_url(const Member& member, OidcConfig& config, Findings& findings) {
  read_text<Field>(member, config, findings);
  const std::string& text = config.*Field;
  if (text.empty()) return;
  if (const auto url = parse_url(text); !url) {
    findings.error(member.position, "oidc " + member.key + " " + quoted(redacted_url(text)) + ": " +
                                        url.error().text());
  } else if (!url->userinfo.empty()) {
    findings.error(member.position, "oidc " + member.key + " must not hold a name or password");
  } else if (!url->secure) {
    findings.note(member.position, "oidc " + member.key + " " + quoted(text) +
                                       ": whoever is on the way can change keys fetched over "
                                       "http; use https");
  }
}

// Zero and less are refused: nothing here can be switched off by them.
template <Duration OidcConfig::*Field>
void read_duration(const Member& member, OidcConfig& config, Findings& findings) {
  const auto text = text_of(member, findings);
  if (!text) return;
  const Result<Duration> duration = conf::parse_duration(*text);
  if (!duration)
    findings.error(member.position, "oidc " + member.key + ": " + duration.error().text());
  else if (duration->ns <= 0)
    findings.error(member.position, "oidc " + member.key + " must be more than zero");
  else
    config.*Field = *duration;
}

void read_leeway(const Member& member, OidcConfig& config, Findings& findings) {
  const auto text = text_of(member, findings);
  if (!text) return;
  const Result<Duration> leeway = conf::parse_duration(*text);
  if (!leeway)
    findings.error(member.position, "oidc leeway: " + leeway.error().text());
  else if (leeway->ns < 0 || *leeway > kLeewayMax)
    findings.error(member.position, "oidc leeway must be between 0s and 1h");
  else
    config.leeway = *leeway;
}

void read_audience(const Member& member, OidcConfig& config, Findings& findings) {
  auto names = texts_of(member.value, findings);
  if (!names)
    findings.error(member.position, "oidc audience must be a string or an array of strings, is " +
                                        std::string(member.value.type_name()));
  else
    config.audience = std::move(*names);
}

void read_roles(const Member& member, OidcConfig& config, Findings& findings) {
  if (!is_map(member, findings)) return;
  for (const Member& entry : member.value.members) {
    auto permissions = read_permissions(entry, findings);
    if (!permissions) continue;
    config.roles.push_back({entry.key, std::move(*permissions), place_of(entry.position)});
  }
}

constexpr BlockKey<OidcConfig> kKeys[] = {
    {"issuer", read_url<&OidcConfig::issuer>},
    {"audience", read_audience},
    {"jwks_url", read_url<&OidcConfig::jwks_url>},
    {"jwks_file", read_text<&OidcConfig::jwks_file>},
    {"ca_file", read_text<&OidcConfig::ca_file>},
    {"jwks_refresh", read_duration<&OidcConfig::jwks_refresh>},
    {"jwks_retry", read_duration<&OidcConfig::jwks_retry>},
    {"account", read_text<&OidcConfig::account>},
    {"account_claim", read_text<&OidcConfig::account_claim>},
    {"user_claim", read_text<&OidcConfig::user_claim>},
    {"permissions_claim", read_text<&OidcConfig::permissions_claim>},
    {"roles_claim", read_text<&OidcConfig::roles_claim>},
    {"roles", read_roles},
    {"leeway", read_leeway},
};

// What the block lacks, or says twice; "" = nothing.
std::string_view contradiction(const OidcConfig& config) {
  if (config.issuer.empty()) return "oidc requires an issuer";
  if (config.audience.empty()) return "oidc requires an audience";
  if (!config.jwks_file.empty() && !config.jwks_url.empty())
    return "oidc can not have both jwks_file and jwks_url";
  if (!config.account_claim.empty() && config.account != OidcConfig{}.account)
    return "oidc can not have both account and account_claim";
  if (!config.permissions_claim.empty() && !config.roles_claim.empty())
    return "oidc can not have both permissions_claim and roles_claim";
  if (config.roles_claim.empty() != config.roles.empty())
    return "oidc requires roles_claim and roles together";
  return "";
}

// The member called so in a map; null if there is none.
const Member* find_key(const conf::Value& map, std::string_view name) {
  for (const Member& member : map.members)
    if (lower_case(member.key) == name) return &member;
  return nullptr;
}

void load_keys(const Member& member, const conf::Sources& sources, OidcConfig& config,
               Findings& findings) {
  auto content = sources.read_file(config.jwks_file);
  if (!content) return findings.error(member.position, "oidc jwks_file: " + content.error().text());
  if (const auto keys = auth::oidc::read_jwk_set(*content); !keys)
    return findings.error(
        member.position, "oidc jwks_file " + quoted(config.jwks_file) + ": " + keys.error().text());
  config.jwks = std::move(*content);
}

bool is_operator_mode(const auth::AuthConfig& auth) {
  return !auth.operator_jwts.empty() || !auth.trusted_keys.empty();
}

}  // namespace

std::optional<OidcConfig> read_oidc(const Member& member, Findings& findings) {
  if (!is_map(member, findings)) return std::nullopt;
  OidcConfig config;
  config.place = place_of(member.position);
  const std::size_t before = findings.size();
  read_block(member.value, kKeys, config, findings);
  if (const std::string_view text = contradiction(config);
      !text.empty() && findings.size() == before)
    findings.error(member.position, std::string(text));
  return config;
}

void load_oidc(const conf::Document& document, const conf::Sources& sources, Options& options,
               Findings& findings) {
  if (!options.auth.oidc) return;
  OidcConfig& config = *options.auth.oidc;
  const Member* authorization = find_key(document.root, "authorization");
  const Member* block = authorization ? find_key(authorization->value, "oidc") : nullptr;
  if (block == nullptr) return;
  if (const Member* file = find_key(block->value, "jwks_file"))
    load_keys(*file, sources, config, findings);
  const Member* authority = find_key(block->value, "ca_file");
  if (authority == nullptr) return;
  tls::TlsConfig trusted;
  trusted.ca_file = config.ca_file;
  if (const auto checked = check_tls_files(trusted, sources); !checked)
    findings.error(authority->position, "oidc ca_file: " + checked.error().text());
}

Result<void> check_oidc(const Options& options) {
  const auth::AuthConfig& auth = options.auth;
  if (!auth.oidc) return {};
  if (is_operator_mode(auth)) return failure("operators do not allow oidc to be configured");
  if (auth.callout) return failure("oidc can not be used together with auth_callout");
  const std::vector<std::string> accounts = oidc_accounts(options);
  if (auth.oidc->account_claim.empty() &&
      std::ranges::find(accounts, auth.oidc->account) == accounts.end())
    return failure("oidc account " + quoted(auth.oidc->account) +
                   " is no account of the configuration that tokens may enter");
  return {};
}

std::vector<std::string> oidc_accounts(const Options& options) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (name != "$SYS" && name != options.system_account) names.push_back(name);
  };
  add("$G");
  for (const broker::AccountConfig& account : options.accounts)
    if (account.name != "$G") add(account.name);
  return names;
}

}  // namespace midge::server
