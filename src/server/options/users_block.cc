#include "server/options/users_block.h"

#include <set>
#include <utility>

#include "crypto/nkey.h"
#include "server/options/fields.h"
#include "server/options/permissions_block.h"
#include "server/options/quoted.h"

namespace midge::server {
namespace {

using auth::UserConfig;
using conf::Kind;
using conf::Member;
using conf::Value;

constexpr std::pair<std::string_view, std::uint32_t> kConnectionTypes[] = {
    {"STANDARD", auth::kStandard},   {"WEBSOCKET", auth::kWebsocket},
    {"LEAFNODE", auth::kLeafnode},   {"LEAFNODE_WS", auth::kLeafnodeWs},
    {"MQTT", auth::kMqtt},           {"MQTT_WS", auth::kMqttWs},
    {"IN_PROCESS", auth::kInProcess}};

std::string upper_case(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  return text;
}

std::uint32_t connection_type(std::string_view name) {
  for (const auto& [known, bit] : kConnectionTypes)
    if (known == name) return bit;
  return 0;
}

void read_user(const Member& member, UserConfig& user, Findings& findings) {
  if (auto text = text_of(member, findings)) user.user = std::move(*text);
}

void read_nkey(const Member& member, UserConfig& user, Findings& findings) {
  if (auto text = text_of(member, findings)) user.nkey = std::move(*text);
}

void read_password(const Member& member, UserConfig& user, Findings& findings) {
  if (auto text = text_of(member, findings)) user.password = std::move(*text);
}

void read_user_permissions(const Member& member, UserConfig& user, Findings& findings) {
  user.permissions = read_permissions(member, findings);
}

void read_connection_types(const Member& member, UserConfig& user, Findings& findings) {
  const auto names = texts_of(member.value, findings);
  if (!names) {
    findings.error(member.position, "error parsing allowed connection types: unsupported type " +
                                        std::string(member.value.type_name()));
    return;
  }
  std::string unknown;
  for (const std::string& text : *names) {
    const std::string name = upper_case(text);
    const std::uint32_t bit = connection_type(name);
    if (bit == 0) unknown += (unknown.empty() ? "" : " ") + quoted(name);
    user.connection_types |= bit;
  }
  if (!unknown.empty())
    findings.error(member.position, "invalid connection types [" + unknown + "]");
}

void read_proxy_required(const Member& member, UserConfig& user, Findings& findings) {
  if (const auto required = boolean_of(member, findings)) user.proxy_required = *required;
}

constexpr BlockKey<UserConfig> kUserKeys[] = {
    {"user username", read_user},
    {"nkey", read_nkey},
    {"pass password", read_password},
    {"permission permissions authorization", read_user_permissions},
    {"allowed_connection_types connection_types clients", read_connection_types},
    {"proxy_required", read_proxy_required},
};

// Whether it is one, for a client to name.
bool check_user(const UserConfig& user, const conf::Position& position, Findings& findings) {
  if (user.nkey.empty() && user.user.empty())
    findings.error(position, "User entry requires a user");
  else if (!user.nkey.empty() && !crypto::is_public_nkey(crypto::NkeyKind::kUser, user.nkey))
    findings.error(position, "Not a valid public nkey for a user");
  else if (!user.nkey.empty() && (!user.user.empty() || !user.password.empty()))
    findings.error(position, "Nkey users do not take usernames or passwords");
  else
    return true;
  return false;
}

// What tells one user from another.
struct Names {
  std::set<std::string> users, nkeys;
};

void check_users_of(const Member& block, const Value& users, Names& seen, Findings& findings) {
  Names told;
  const auto check = [&](const Value& item, std::string_view keys, std::set<std::string>& known,
                         std::set<std::string>& said, const char* what) {
    for (const Member& entry : item.members) {
      if (!contains_name(keys, lower_case(entry.key)) || entry.value.text.empty()) continue;
      const std::string& name = entry.value.text;
      if (known.insert(name).second || !said.insert(name).second) continue;
      findings.error(block.position, std::string("Duplicate ") + what + " " + quoted(name) +
                                         " detected (" + conf::to_string(entry.position) + ")");
    }
  };
  for (const Value& item : users.items) {
    check(item, "user username", seen.users, told.users, "user");
    check(item, "nkey", seen.nkeys, told.nkeys, "nkey");
  }
}

}  // namespace

std::vector<UserConfig> read_users(const Member& member, const std::string& account,
                                   Findings& findings) {
  std::vector<UserConfig> users;
  if (member.value.kind != Kind::kArray) {
    findings.error(member.position,
                   "Expected users field to be an array, got " + plain_text(member.value));
    return users;
  }
  for (const Value& item : member.value.items) {
    if (item.kind != Kind::kMap) {
      findings.error(item.position,
                     "Expected user entry to be a map/struct, got " + plain_text(item));
      continue;
    }
    UserConfig user;
    user.account = account;
    user.place = place_of(item.position);
    read_block(item, kUserKeys, user, findings);
    if (check_user(user, last_position(item), findings)) users.push_back(std::move(user));
  }
  return users;
}

void apply_default_permissions(std::vector<UserConfig>& users,
                               const std::optional<auth::PermissionsConfig>& permissions) {
  for (UserConfig& user : users)
    if (!user.permissions) user.permissions = permissions;
}

void check_duplicate_users(const conf::Document& document, Findings& findings) {
  Names seen;
  const auto check_block = [&](const Member& block, const Value& map, bool told_at_users) {
    for (const Member& entry : map.members)
      if (lower_case(entry.key) == "users")
        check_users_of(told_at_users ? entry : block, entry.value, seen, findings);
  };
  for (const Member& member : document.root.members) {
    const std::string name = lower_case(member.key);
    if (name == "authorization") check_block(member, member.value, false);
    if (name != "accounts") continue;
    for (const Member& account : member.value.members) check_block(account, account.value, true);
  }
}

}  // namespace midge::server
