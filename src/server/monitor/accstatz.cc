#include "server/monitor/accstatz.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "codec/json_writer.h"

namespace midge::server {
namespace {

using broker::AccountTraffic;
using codec::JsonWriter;

struct Use {
  std::uint64_t connections = 0, subscriptions = 0;
  AccountTraffic traffic;
};
using Uses = std::map<std::string, Use>;  // by account

Uses sum_up(const Parts& parts) {
  Uses uses;
  for (const Part& part : parts) {
    for (const broker::ConnectionInfo& open : part.open) {
      Use& use = uses[open.account];
      ++use.connections;
      use.traffic += {open.in_msgs, open.out_msgs, open.in_bytes, open.out_bytes, 0};
    }
    for (const broker::SubscriptionInfo& subscription : part.subscriptions)
      ++uses[subscription.account].subscriptions;
    for (const auto& [account, traffic] : part.ended) uses[account].traffic += traffic;
  }
  return uses;
}

void write_flow(JsonWriter& json, std::string_view name, std::uint64_t messages,
                std::uint64_t bytes) {
  json.key(name).begin_object().field("msgs", messages).field("bytes", bytes);
  // Servers and leaf nodes, of which there are none.
  for (const char* peers : {"gateways", "routes", "leafs"})
    json.key(peers).begin_object().field("msgs", 0).field("bytes", 0).end_object();
  json.end_object();
}

void write_account(JsonWriter& json, const broker::AccountConfig& account, const Use& use) {
  json.begin_object().field("acc", account.name);
  json.field("name", account.title.empty() ? account.name : account.title);
  json.field("conns", use.connections).field("leafnodes", 0).field("total_conns", use.connections);
  json.field("num_subscriptions", use.subscriptions);
  const AccountTraffic& traffic = use.traffic;
  write_flow(json, "sent", traffic.out_msgs, traffic.out_bytes);
  write_flow(json, "received", traffic.in_msgs, traffic.in_bytes);
  json.field("slow_consumers", traffic.slow_consumers).end_object();
}

}  // namespace

Result<AccstatzRequest> parse_accstatz(const Query& query) {
  AccstatzRequest request;
  ASSIGN_OR_RETURN(request.unused, query.boolean("unused"));
  for (std::string_view names = query.text("accounts"); !names.empty();) {
    const std::size_t end = std::min(names.find('\n'), names.size());
    request.accounts.emplace_back(names.substr(0, end));
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return request;
}

void write_accstatz(JsonWriter& json, const AccstatzRequest& request, const Accountz& accountz,
                    const Parts& parts) {
  Uses uses = sum_up(parts);
  json.begin_object().field("server_id", accountz.server_id).field("now", accountz.now);
  json.key("account_statz").begin_array();
  for (const ListedAccount& listed : accountz.accounts) {
    const std::string& name = listed.config.name;
    const auto& wanted = request.accounts;
    if (!wanted.empty() && std::ranges::find(wanted, name) == wanted.end()) continue;
    const Use& use = uses[name];
    if (request.unused || use.connections > 0) write_account(json, listed.config, use);
  }
  json.end_array().end_object();
}

std::string compose_accstatz(const AccstatzRequest& request, const Accountz& accountz,
                             const Parts& parts, bool pretty) {
  JsonWriter json(pretty);
  write_accstatz(json, request, accountz, parts);
  return json.take();
}

Result<std::string> compose_account_stat(std::string_view account, const Accountz& accountz,
                                         const Parts& parts) {
  const auto found = std::ranges::find(accountz.accounts, account, [](const ListedAccount& one) {
    return std::string_view(one.config.name);
  });
  if (found == accountz.accounts.end())
    return failure("Account " + std::string(account) + " does not exist");
  JsonWriter json;
  write_account(json, found->config, sum_up(parts)[found->config.name]);
  return json.take();
}

}  // namespace midge::server
