#include "server/options/document_checks.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "server/options/account_checks.h"
#include "server/options/authorization_block.h"
#include "server/options/oidc_block.h"
#include "server/options/operator_block.h"
#include "server/options/quoted.h"
#include "server/options/table.h"
#include "server/options/tls_block.h"
#include "server/options/users_block.h"

namespace midge::server {
namespace {

const conf::Member* find(const conf::Value& map, std::string_view key) {
  for (const conf::Member& member : map.members)
    if (lower_case(member.key) == key) return &member;
  return nullptr;
}

const conf::Member* find(const conf::Document& document, std::string_view key) {
  return find(document.root, key);
}

// `member`: the block; it may be null.
void check_files(const conf::Member* member, const std::optional<tls::TlsConfig>& config,
                 const conf::Sources& sources, Findings& findings) {
  if (member == nullptr || !config) return;
  if (const Result<void> checked = check_tls_files(*config, sources); !checked)
    findings.error(member->position, checked.error().text());
}

// An authorization callout may place clients in accounts that exist, alone.
void check_callout_accounts(const Options& options, Findings& findings) {
  if (!options.auth.callout) return;
  for (const std::string& name : options.auth.callout->allowed_accounts) {
    if (std::ranges::find(options.accounts, name, &broker::AccountConfig::name) !=
        options.accounts.end())
      continue;
    findings.add(
        {Finding::Kind::kError, std::numeric_limits<std::uint32_t>::max(),
         "auth_callout allowed account " + quoted(name) + " not found in configured accounts"});
  }
}

}  // namespace

void check_document(const conf::Document& document, const conf::Sources& sources, Options& options,
                    Findings& findings) {
  check_duplicate_users(document, findings);
  check_single_user(document, options, findings);
  load_operators(document, sources, options, findings);
  // The rest would stumble over what is wrong already.
  if (findings.has(Finding::Kind::kError)) return;
  check_files(find(document, "tls"), options.tls, sources, findings);
  check_files(find(document, "resolver_tls"), options.resolver_tls, sources, findings);
  for (const char* key : {"websocket", "ws"})
    if (const conf::Member* block = find(document, key); block != nullptr && options.websocket)
      check_files(find(block->value, "tls"), options.websocket->tls, sources, findings);
  load_oidc(document, sources, options, findings);
  check_callout_accounts(options, findings);
  if (const conf::Member* accounts = find(document, "accounts"))
    for (const std::string& text : account_errors(options))
      findings.error(accounts->position, text);
}

}  // namespace midge::server
