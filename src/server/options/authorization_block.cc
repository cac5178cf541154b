#include "server/options/authorization_block.h"

#include <string>
#include <utility>

#include "crypto/nkey.h"
#include "server/options/fields.h"
#include "server/options/oidc_block.h"
#include "server/options/permissions_block.h"
#include "server/options/quoted.h"
#include "server/options/seconds.h"
#include "server/options/users_block.h"

namespace midge::server {
namespace {

using auth::AuthConfig;
using auth::CalloutConfig;
using conf::Kind;
using conf::Member;
using conf::Value;

// The block while it is read: what belongs together is checked at its end.
struct Block {
  AuthConfig& auth;
  std::string user, password;
  std::vector<auth::UserConfig> users;
  bool has_users = false;  // an empty array counts
  bool proxy_required = false;
};

void read_user(const Member& member, Block& block, Findings& findings) {
  if (auto text = text_of(member, findings)) block.user = std::move(*text);
}

void read_password(const Member& member, Block& block, Findings& findings) {
  if (auto text = text_of(member, findings)) block.password = std::move(*text);
}

void read_token(const Member& member, Block& block, Findings& findings) {
  if (auto text = text_of(member, findings)) block.auth.token = std::move(*text);
}

void read_timeout(const Member& member, Block& block, Findings& findings) {
  if (const auto timeout = seconds_of(member, "authorization", findings)) {
    block.auth.timeout = *timeout;
    block.auth.timeout_is_set = true;
  }
}

void read_users_array(const Member& member, Block& block, Findings& findings) {
  block.users = read_users(member, "", findings);
  block.has_users = true;
}

void read_defaults(const Member& member, Block& block, Findings& findings) {
  block.auth.default_permissions = read_permissions(member, findings);
}

void read_proxy_required(const Member& member, Block& block, Findings& findings) {
  if (const auto required = boolean_of(member, findings)) block.proxy_required = *required;
}

void read_issuer(const Member& member, CalloutConfig& callout, Findings& findings) {
  auto text = text_of(member, findings);
  if (!text) return;
  if (!crypto::is_public_nkey(crypto::NkeyKind::kAccount, *text))
    findings.error(member.position,
                   "Expected callout user to be a valid public account nkey, got " + quoted(*text));
  callout.issuer = std::move(*text);
}

void read_callout_account(const Member& member, CalloutConfig& callout, Findings& findings) {
  if (auto text = text_of(member, findings)) callout.account = std::move(*text);
}

std::vector<std::string> read_names(const Member& member, const char* what, Findings& findings) {
  std::vector<std::string> names;
  if (member.value.kind != Kind::kArray) {
    // The type's name is nats-server's; the true type is ours.
    findings.error(member.position, std::string("Expected ") + what +
                                        " field to be an array, got *conf.token (found " +
                                        std::string(member.value.type_name()) + ")");
    return names;
  }
  for (const Value& item : member.value.items)
    if (auto text = text_of(item, findings)) names.push_back(std::move(*text));
  return names;
}

void read_callout_users(const Member& member, CalloutConfig& callout, Findings& findings) {
  callout.auth_users = read_names(member, "auth_users", findings);
}

void read_xkey(const Member& member, CalloutConfig& callout, Findings& findings) {
  auto text = text_of(member, findings);
  if (!text) return;
  if (!crypto::is_public_nkey(crypto::NkeyKind::kCurve, *text))
    findings.error(member.position,
                   "Expected callout xkey to be a valid public xkey, got " + quoted(*text));
  callout.xkey = std::move(*text);
}

void read_allowed_accounts(const Member& member, CalloutConfig& callout, Findings& findings) {
  callout.allowed_accounts = read_names(member, "allowed accounts", findings);
}

constexpr BlockKey<CalloutConfig> kCalloutKeys[] = {
    {"issuer", read_issuer},
    {"account acc", read_callout_account},
    {"auth_users users", read_callout_users},
    {"xkey key", read_xkey},
    {"allowed_accounts", read_allowed_accounts},
};

void read_callout(const Member& member, Block& block, Findings& findings) {
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position, "Expected authorization callout to be a map/struct, got " +
                                        plain_text(member.value));
    return;
  }
  CalloutConfig callout;
  const std::size_t before = findings.size();
  for (const Member& entry : member.value.members)
    if (!read_key(entry, kCalloutKeys, callout, findings) && !entry.is_variable)
      findings.error(entry.position,
                     "Unknown field " + quoted(entry.key) + " parsing authorization callout");
  const conf::Position& end =
      member.value.members.empty() ? member.position : last_position(member.value);
  if (findings.size() == before) {
    if (callout.issuer.empty())
      findings.error(end, "Authorization callouts require an issuer to be specified");
    else if (callout.auth_users.empty())
      findings.error(end, "Authorization callouts require authorized users to be specified");
  }
  block.auth.callout = std::move(callout);
}

void read_oidc_block(const Member& member, Block& block, Findings& findings) {
  block.auth.oidc = read_oidc(member, findings);
}

constexpr BlockKey<Block> kKeys[] = {
    {"user username", read_user},
    {"pass password", read_password},
    {"token", read_token},
    {"timeout", read_timeout},
    {"users", read_users_array},
    {"default_permission default_permissions permissions", read_defaults},
    {"auth_callout auth_hook", read_callout},
    {"oidc", read_oidc_block},
    {"proxy_required", read_proxy_required},
};

// What the block as a whole says, or why it says nothing.
std::string_view contradiction(const Block& block) {
  const bool has_user = !block.user.empty() || !block.password.empty();
  const bool has_token = !block.auth.token.empty();
  if (has_user && has_token) return "Cannot have a user/pass and token";
  if (!block.has_users) return "";
  if (!block.user.empty()) return "Can not have a single user/pass and a users array";
  if (has_token) return "Can not have a token and a users array";
  return "";
}

bool is_any_public_key(const std::string& text) {
  using enum crypto::NkeyKind;
  for (const crypto::NkeyKind kind : {kServer, kUser, kAccount, kOperator, kCluster, kCurve})
    if (crypto::is_public_nkey(kind, text)) return true;
  return false;
}

void read_trusted_key(const Member& member, AuthConfig& auth, Findings& findings) {
  auto key = text_of(member, findings);
  if (!key) return;
  if (is_any_public_key(*key))
    auth.trusted_proxies.push_back(std::move(*key));
  else
    findings.error(member.position, "invalid proxy key " + quoted(*key));
}

constexpr BlockKey<AuthConfig> kProxyKeys[] = {{"key public_key", read_trusted_key}};

void read_trusted(const Member& member, AuthConfig& auth, Findings& findings) {
  if (member.value.kind != Kind::kArray) {
    findings.error(member.position, "expected proxies' trusted field to be an array, got " +
                                        std::string(member.value.type_name()));
    return;
  }
  for (const Value& item : member.value.items) {
    if (item.kind == Kind::kMap)
      read_block(item, kProxyKeys, auth, findings);
    else
      findings.error(item.position, "expected proxies' trusted entry to be a map/struct, got " +
                                        std::string(item.type_name()));
  }
}

constexpr BlockKey<AuthConfig> kProxiesKeys[] = {{"trusted", read_trusted}};

}  // namespace

void read_authorization(const Member& member, Options& options, Findings& findings) {
  if (!is_map(member, findings)) return;
  Block block{options.auth};
  read_block(member.value, kKeys, block, findings);
  if (const std::string_view text = contradiction(block); !text.empty()) {
    findings.error(member.position, std::string(text));
    return;
  }
  apply_default_permissions(block.users, options.auth.default_permissions);
  options.auth.token_proxy_required = block.proxy_required && !options.auth.token.empty();
  options.auth.single_user = !block.user.empty();
  if (options.auth.single_user) {
    auth::UserConfig& user = block.users.emplace_back();
    user.user = block.user;
    user.password = block.password;
    user.proxy_required = block.proxy_required;
    user.place = place_of(member.position);
  }
  options.auth.users.insert(options.auth.users.end(), std::make_move_iterator(block.users.begin()),
                            std::make_move_iterator(block.users.end()));
}

void read_no_auth_user(const Member& member, Options& options, Findings& findings) {
  if (auto text = text_of(member, findings)) options.auth.no_auth_user = std::move(*text);
}

void read_proxies(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position, "expected proxies to be a map/struct, got " +
                                        std::string(member.value.type_name()));
    return;
  }
  read_block(member.value, kProxiesKeys, options.auth, findings);
}

void check_single_user(const conf::Document& document, const Options& options, Findings& findings) {
  const bool has_token = !options.auth.token.empty();
  if (!has_token && !options.auth.single_user) return;
  const char* text = has_token ? "Can not have a token and accounts"
                               : "Can not have a single user/pass and accounts";
  for (const Member& member : document.root.members) {
    if (lower_case(member.key) != "accounts") continue;
    for (const Member& account : member.value.members)
      for (const Member& entry : account.value.members)
        if (lower_case(entry.key) == "users") findings.error(entry.position, text);
  }
}

}  // namespace midge::server
