#include "server/options/accounts_block.h"

#include <algorithm>
#include <string>

#include "crypto/nkey.h"
#include "server/options/exports_block.h"
#include "server/options/fields.h"
#include "server/options/jetstream_block.h"
#include "server/options/mappings_block.h"
#include "server/options/percent.h"
#include "server/options/permissions_block.h"
#include "server/options/quoted.h"
#include "server/options/readers.h"
#include "server/options/users_block.h"
#include "subject/subject.h"

namespace midge::server {
namespace {

using broker::AccountConfig;
using broker::AccountLimits;
using conf::Kind;
using conf::Member;
using conf::Value;

constexpr const char* kGlobalAccount = "$G";

struct Block {
  Options& options;
  AccountConfig account;
  std::vector<auth::UserConfig> users;
};

void read_nkey(const Member& member, Block& block, Findings& findings) {
  auto text = text_of(member, findings);
  if (!text) return;
  if (crypto::is_public_nkey(crypto::NkeyKind::kAccount, *text))
    block.account.nkey = std::move(*text);
  else
    findings.error(member.position, "Not a valid public nkey for an account: " + quoted(*text));
}

void read_account_users(const Member& member, Block& block, Findings& findings) {
  block.users = read_users(member, block.account.name, findings);
}

void read_account_exports(const Member& member, Block& block, Findings& findings) {
  read_exports(member, block.account, findings);
}

void read_account_imports(const Member& member, Block& block, Findings& findings) {
  read_imports(member, block.account, findings);
}

void read_account_mappings(const Member& member, Block& block, Findings& findings) {
  read_mappings(member, block.account.mappings, findings);
}

void read_account_permissions(const Member& member, Block& block, Findings& findings) {
  block.account.default_permissions = read_permissions(member, findings);
}

template <std::int64_t AccountLimits::*limit>
void read_limit(const Member& member, AccountLimits& limits, Findings& findings) {
  if (const auto number = integer_of(member, findings)) limits.*limit = *number;
}

constexpr BlockKey<AccountLimits> kLimitKeys[] = {
    {"max_connections max_conn", read_limit<&AccountLimits::max_connections>},
    {"max_subscriptions max_subs", read_limit<&AccountLimits::max_subscriptions>},
    {"max_payload max_pay", read_limit<&AccountLimits::max_payload>},
    {"max_leafnodes max_leafs", read_limit<&AccountLimits::max_leafnodes>},
};

void read_limits(const Member& member, Block& block, Findings& findings) {
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position,
                   "Expected account limits to be a map/struct, got " + plain_text(member.value));
    return;
  }
  for (const Member& entry : member.value.members)
    if (!read_key(entry, kLimitKeys, block.account.limits, findings) && !entry.is_variable)
      findings.error(entry.position,
                     "Unknown field " + quoted(entry.key) + " parsing account limits");
}

// Where the traces of an account's messages go.
struct Trace {
  AccountConfig& account;
  bool has_destination = false, has_sampling = false;
};

void set_destination(const Member& member, AccountConfig& account, Findings& findings) {
  if (!subject::is_valid_literal(member.value.text))
    findings.error(member.position,
                   "Trace destination " + quoted(member.value.text) + " is not valid");
  account.trace_destination = member.value.text;
}

void read_trace_destination(const Member& member, Trace& trace, Findings& findings) {
  trace.has_destination = true;
  if (member.value.kind == Kind::kString)
    set_destination(member, trace.account, findings);
  else
    findings.error(member.position, "Field " + quoted(member.key) + " should be a string, got " +
                                        member.value.type_name());
}

void read_trace_sampling(const Member& member, Trace& trace, Findings& findings) {
  const Value& value = member.value;
  trace.has_sampling = true;
  std::int64_t percent = value.integer;
  if (value.kind == Kind::kString) {
    std::string_view digits;
    const auto number = percent_in(value.text, digits);
    if (!number) {
      findings.error(member.position,
                     "Invalid trace destination sampling value " + quoted(value.text));
      return;
    }
    percent = *number;
  } else if (value.kind != Kind::kInteger) {
    findings.error(member.position, "Trace destination sampling field " + quoted(member.key) +
                                        " should be an integer or a percentage, got " +
                                        value.type_name());
    return;
  }
  if (percent < 1 || percent > 100)  // the word is spelled so, and looked for
    findings.error(member.position, "Ttrace destination sampling value " + std::to_string(percent) +
                                        " is invalid, needs to be [1..100]");
  else
    trace.account.trace_sampling = static_cast<int>(percent);
}

constexpr BlockKey<Trace> kTraceKeys[] = {
    {"dest", read_trace_destination},
    {"sampling", read_trace_sampling},
};

void read_trace(const Member& member, Block& block, Findings& findings) {
  if (member.value.kind == Kind::kString) {
    set_destination(member, block.account, findings);
    return;
  }
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position, "Expected account message trace " + quoted(member.key) +
                                        " to be a string or a map/struct, got " +
                                        member.value.type_name());
    return;
  }
  Trace trace{block.account};
  for (const Member& entry : member.value.members)
    if (!read_key(entry, kTraceKeys, trace, findings) && !entry.is_variable)
      findings.error(entry.position, "Unknown field " + quoted(entry.key) +
                                         " parsing account message trace map/struct " +
                                         quoted(member.key));
  if (trace.has_sampling && !trace.has_destination)
    findings.warning(member.position,
                     "Trace destination sampling ignored since no destination was set");
}

void read_jetstream(const Member& member, Block& block, Findings& findings) {
  read_account_jetstream(member, block.account, findings);
}

constexpr BlockKey<Block> kAccountKeys[] = {
    {"nkey", read_nkey},
    {"users", read_account_users},
    {"exports", read_account_exports},
    {"imports", read_account_imports},
    {"limits", read_limits},
    {"mappings maps", read_account_mappings},
    {"default_permissions", read_account_permissions},
    {"msg_trace trace_dest", read_trace},
    {"jetstream", read_jetstream},
};

bool is_reserved(const std::string& name, const conf::Position& position, Findings& findings) {
  if (name != kGlobalAccount) return false;
  findings.error(position, quoted(name) + " is a Reserved Account");
  return true;
}

// `[A, B]`: accounts without anything.
void read_names(const Value& names, Options& options, Findings& findings) {
  for (const Value& item : names.items) {
    const auto name = text_of(item, findings);
    if (!name || is_reserved(*name, item.position, findings)) continue;
    if (std::ranges::find(options.accounts, *name, &AccountConfig::name) !=
        options.accounts.end()) {
      findings.error(item.position, "Duplicate Account Entry: " + *name);
      continue;
    }
    AccountConfig account;
    account.name = *name;
    options.accounts.push_back(std::move(account));
  }
}

void read_account(const Member& member, Options& options, Findings& findings) {
  if (is_reserved(member.key, member.position, findings)) return;
  if (member.value.kind != Kind::kMap) {
    findings.error(member.position, "Expected map entries for accounts");
    return;
  }
  Block block{options, {}, {}};
  block.account.name = member.key;
  read_block(member.value, kAccountKeys, block, findings);
  apply_default_permissions(block.users, block.account.default_permissions);
  options.accounts.push_back(std::move(block.account));
  auto& users = options.auth.users;
  users.insert(users.end(), std::make_move_iterator(block.users.begin()),
               std::make_move_iterator(block.users.end()));
}

}  // namespace

void read_accounts(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind == Kind::kArray) {
    read_names(member.value, options, findings);
  } else if (member.value.kind == Kind::kMap) {
    for (const Member& account : member.value.members) read_account(account, options, findings);
  } else {  // nats-server takes it, and defines no account
    findings.note(member.position, "\"" + member.key + "\" has no effect here: it is no map");
  }
}

void read_system_account(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind == Kind::kString)
    options.system_account = member.value.text;
  else
    findings.error(member.position, "system account name must be a string (found " +
                                        std::string(member.value.type_name()) + ")");
}

void read_global_mappings(const Member& member, Options& options, Findings& findings) {
  auto global = std::ranges::find(options.accounts, kGlobalAccount, &AccountConfig::name);
  if (global == options.accounts.end()) {
    options.accounts.emplace_back();
    global = options.accounts.end() - 1;
    global->name = kGlobalAccount;
  }
  read_mappings(member, global->mappings, findings);
}

}  // namespace midge::server
