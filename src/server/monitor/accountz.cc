#include "server/monitor/accountz.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "codec/base64.h"
#include "server/monitor/field_table.h"

namespace midge::server {
namespace {

using broker::ExportConfig;
using broker::ImportConfig;
using broker::MappingConfig;
using broker::MappingDestination;
using broker::ResponseType;
using codec::JsonWriter;

constexpr std::string_view kGlobalAccountName = "$G";
constexpr int kAll = 100;  // percent

struct Detail {
  const Accountz& accountz;
  const ListedAccount& account;
  std::size_t connections = 0;
  std::size_t subscriptions = 0;

  [[nodiscard]] const broker::AccountConfig& config() const { return account.config; }
  // Null unless it came from a claim.
  [[nodiscard]] const auth::jwt::AccountClaims* claims() const {
    return account.record == nullptr ? nullptr : &account.record->claims;
  }
  [[nodiscard]] const ExportConfig* find_export(const ImportConfig& imported) const;
  // Besides those of the configuration.
  [[nodiscard]] std::vector<ExportConfig> default_exports() const;
  [[nodiscard]] std::vector<ImportConfig> default_imports() const;
  [[nodiscard]] bool is_system() const { return account.config.name == accountz.system_account; }
};

std::vector<ExportConfig> Detail::default_exports() const {
  std::vector<ExportConfig> exports;
  if (!is_system()) return exports;
  for (const broker::DefaultService& service : accountz.services)
    if (std::ranges::find(exports, service.subject, &ExportConfig::subject) == exports.end())
      exports.push_back(
          {.is_service = true, .subject = service.subject, .response = service.response});
  return exports;
}

// Of the system account's own services, it imports what tells of users only.
std::vector<ImportConfig> Detail::default_imports() const {
  std::vector<ImportConfig> imports;
  for (const broker::DefaultService& service : accountz.services) {
    if (is_system() && !service.share) continue;
    std::string subject = service.subject;
    subject.replace(subject.find('*'), 1, config().name);
    imports.push_back({.is_service = true,
                       .account = accountz.system_account,
                       .subject = std::move(subject),
                       .to = service.local,
                       .share = service.share});
  }
  return imports;
}

const ExportConfig* Detail::find_export(const ImportConfig& imported) const {
  for (const ListedAccount& other : accountz.accounts) {
    if (other.config.name != imported.account) continue;
    for (const ExportConfig& exported : other.config.exports)
      if (exported.is_service == imported.is_service && exported.subject == imported.subject)
        return &exported;
  }
  return nullptr;
}

bool has_expired(const Detail& d) {
  return d.claims() != nullptr && d.claims()->head.expires > 0 &&
         d.claims()->head.expires <= d.accountz.now.ns / seconds(1).ns;
}

// Not all that the claim imports is let in by its exporters.
bool is_complete(const Detail& d) {
  return d.claims() == nullptr || d.claims()->imports.size() == d.config().imports.size();
}

void write_destination(JsonWriter& json, const MappingDestination& destination) {
  json.begin_object().field("subject", destination.subject).field("weight", destination.weight);
  json.field_unless_empty("cluster", destination.cluster).end_object();
}

// What the source stays where no destination is drawn.
std::string unmapped(std::string_view source) {
  std::string subject;
  int wildcard = 0;
  for (const char byte : source)
    subject += byte == '*' ? "$" + std::to_string(++wildcard) : std::string(1, byte);
  return subject;
}

// Destinations of one cluster after another; where they leave something over, that follows them.
void write_mapping(JsonWriter& json, const MappingConfig& mapping) {
  json.key(mapping.source).begin_array();
  std::vector<std::string> clusters;
  for (const MappingDestination& each : mapping.destinations)
    if (std::ranges::find(clusters, each.cluster) == clusters.end())
      clusters.push_back(each.cluster);
  for (const std::string& cluster : clusters) {
    int sum = 0;
    for (const MappingDestination& each : mapping.destinations) {
      if (each.cluster != cluster) continue;
      sum += each.weight;
      write_destination(json, each);
    }
    if (sum < kAll) write_destination(json, {unmapped(mapping.source), kAll, cluster});
  }
  json.end_array();
}

void write_mappings(JsonWriter& json, const Detail& d) {
  json.begin_object();
  for (const MappingConfig& mapping : d.config().mappings) write_mapping(json, mapping);
  json.end_object();
}

void write_latency(JsonWriter& json, std::string_view name, const broker::LatencyConfig& latency) {
  json.key(name).begin_object().key("sampling");
  if (latency.sampling == 0)
    json.value("headers");
  else
    json.value(latency.sampling);
  json.field("results", latency.subject).end_object();
}

std::string_view to_text(ResponseType type) {
  switch (type) {
    case ResponseType::kStream:
      return "Streamed";
    case ResponseType::kChunked:
      return "Chunked";
    case ResponseType::kSingleton:
      break;
  }
  return "Singleton";
}

std::string_view type_text(bool is_service) { return is_service ? "service" : "stream"; }

void write_export(JsonWriter& json, const ExportConfig& exported) {
  json.begin_object().field("subject", exported.subject);
  json.field("type", type_text(exported.is_service));
  json.field_unless_empty("token_req", exported.token_required);
  if (exported.is_service) json.field("response_type", to_text(exported.response));
  if (exported.latency) write_latency(json, "service_latency", *exported.latency);
  if (!exported.token_required) json.field_unless_empty("approved_accounts", exported.accounts);
  json.end_object();
}

void write_exports(JsonWriter& json, const Detail& d) {
  json.begin_array();
  for (const bool is_service : {true, false})
    for (const ExportConfig& exported : d.config().exports)
      if (exported.is_service == is_service) write_export(json, exported);
  for (const ExportConfig& exported : d.default_exports()) write_export(json, exported);
  json.end_array();
}

std::string local_subject(const ImportConfig& imported) {
  if (!imported.to.empty()) return imported.to;
  if (imported.prefix.empty()) return imported.subject;
  const bool has_dot = imported.prefix.ends_with('.');
  return imported.prefix + (has_dot ? "" : ".") + imported.subject;
}

void write_import(JsonWriter& json, const Detail& d, const ImportConfig& imported) {
  const std::string local = local_subject(imported);
  json.begin_object().field("subject", imported.subject).field("account", imported.account);
  if (imported.is_service) json.field("to", local);
  json.field("local_subject", local).field("type", type_text(imported.is_service));
  json.field("invalid", false).field("share", imported.share).field("tracking", false);
  const ExportConfig* exported = d.find_export(imported);
  if (exported != nullptr && exported->latency) write_latency(json, "latency", *exported->latency);
  json.end_object();
}

void write_imports(JsonWriter& json, const Detail& d) {
  json.begin_array();
  for (const bool is_service : {false, true})
    for (const ImportConfig& imported : d.config().imports)
      if (imported.is_service == is_service) write_import(json, d, imported);
  for (const ImportConfig& imported : d.default_imports()) write_import(json, d, imported);
  json.end_array();
}

// As it was signed; nothing that it says is left out.
void write_decoded(JsonWriter& json, const Detail& d) {
  std::string_view token = d.account.record->token;
  token.remove_prefix(std::min(token.find('.') + 1, token.size()));
  const auto body = codec::decode_base64(codec::Base64::kRawUrl, token.substr(0, token.find('.')));
  if (body)
    json.raw(*body);
  else
    json.null();
}

void write_revoked(JsonWriter& json, const Detail& d) {
  json.begin_object();
  for (const auto& [user, time] : d.claims()->revocations)
    json.field(user, WallTime{time * seconds(1).ns});
  json.end_object();
}

// One cache serves all accounts: there are no figures of it for one alone.
void write_interest(JsonWriter& json, const Detail& d) {
  json.begin_object().field("num_subscriptions", d.subscriptions);
  for (const char* name : {"num_cache", "num_inserts", "num_removes", "num_matches",
                           "cache_hit_rate", "max_fanout", "avg_fanout"})
    json.field(name, 0);
  json.end_object();
}

using D = const Detail&;

template <auto Get>
constexpr Field<Detail> row(std::string_view name) {
  return always<Detail, Get>(name);
}
template <auto Get>
constexpr Field<Detail> optional(std::string_view name) {
  return unless_empty<Detail, Get>(name);
}

constexpr Field<Detail> kFields[] = {
    row<[](D d) { return d.config().name; }>("account_name"),
    row<[](D d) { return d.accountz.updated; }>("update_time"),
    optional<[](D d) { return d.is_system(); }>("is_system"),
    row<has_expired>("expired"),
    row<is_complete>("complete"),
    row<[](D d) { return d.accountz.jetstream && d.config().jetstream.has_value(); }>(
        "jetstream_enabled"),
    row<[](D) { return 0; }>("leafnode_connections"),
    row<[](D d) { return d.connections; }>("client_connections"),
    row<[](D d) { return d.subscriptions; }>("subscriptions"),
    nested_if<Detail, [](D d) { return !d.config().mappings.empty(); }, write_mappings>("mappings"),
    nested_if<Detail,
              [](D d) { return !d.config().exports.empty() || !d.default_exports().empty(); },
              write_exports>("exports"),
    nested_if<Detail,
              [](D d) { return !d.config().imports.empty() || !d.default_imports().empty(); },
              write_imports>("imports"),
    nested_if<Detail, [](D d) { return d.claims() != nullptr; },
              [](JsonWriter& json, D d) { json.value(d.account.record->token); }>("jwt"),
    optional<[](D d) { return d.claims() == nullptr ? std::string() : d.claims()->head.issuer; }>(
        "issuer_key"),
    optional<[](D d) { return d.claims() == nullptr ? d.config().name : d.claims()->head.name; }>(
        "name_tag"),
    nested_if<Detail, [](D d) { return d.claims() != nullptr && !d.claims()->head.tags.empty(); },
              [](JsonWriter& json, D d) { json.value(d.claims()->head.tags); }>("tags"),
    nested_if<Detail, [](D d) { return d.claims() != nullptr; }, write_decoded>("decoded_jwt"),
    nested_if<Detail, [](D d) { return d.claims() != nullptr && !d.claims()->revocations.empty(); },
              write_revoked>("revoked_user"),
    nested<Detail, write_interest>("sublist_stats"),
};

void write_names(JsonWriter& json, const Accountz& accountz) {
  json.key("accounts").begin_array();
  for (const ListedAccount& account : accountz.accounts) json.value(account.config.name);
  json.end_array();
}

Detail detail_of(const ListedAccount& account, const Accountz& accountz, const Parts& parts) {
  Detail detail{.accountz = accountz, .account = account};
  const auto is_its = [&](const auto& one) { return one.account == account.config.name; };
  for (const Part& part : parts) {
    detail.connections += static_cast<std::size_t>(std::ranges::count_if(part.open, is_its));
    detail.subscriptions +=
        static_cast<std::size_t>(std::ranges::count_if(part.subscriptions, is_its));
  }
  return detail;
}

Result<const ListedAccount*> find(std::string_view account, const Accountz& accountz) {
  for (const ListedAccount& one : accountz.accounts)
    if (one.config.name == account) return &one;
  return failure("Account " + std::string(account) + " does not exist");
}

}  // namespace

void add_implied_accounts(Accountz& accountz) {
  for (const std::string& name : {std::string(kGlobalAccountName), accountz.system_account}) {
    const bool is_there = std::ranges::any_of(
        accountz.accounts, [&](const ListedAccount& one) { return one.config.name == name; });
    if (!name.empty() && !is_there) accountz.accounts.push_back({{.name = name}, nullptr});
  }
  // Alone, the global account may use what the server has.
  const auto is_implied = [&](const ListedAccount& one) {
    return one.config.name == kGlobalAccountName || one.config.name == accountz.system_account;
  };
  if (!accountz.jetstream || !std::ranges::all_of(accountz.accounts, is_implied)) return;
  for (ListedAccount& one : accountz.accounts)
    if (one.config.name == kGlobalAccountName) one.config.jetstream = broker::JetStreamLimits{};
}

Result<void> write_accountz(JsonWriter& json, std::string_view account, const Accountz& accountz,
                            const Parts& parts) {
  const ListedAccount* found = nullptr;
  if (!account.empty()) {
    ASSIGN_OR_RETURN(found, find(account, accountz));
  }
  json.begin_object().field("server_id", accountz.server_id).field("now", accountz.now);
  json.field_unless_empty("system_account", accountz.system_account);
  if (account.empty()) {
    write_names(json, accountz);
  } else {
    json.key("account_detail");
    write_object<Detail>(json, kFields, detail_of(*found, accountz, parts));
  }
  json.end_object();
  return {};
}

Result<std::string> compose_accountz(std::string_view account, const Accountz& accountz,
                                     const Parts& parts, bool pretty) {
  JsonWriter json(pretty);
  TRY(write_accountz(json, account, accountz, parts));
  return json.take();
}

Result<std::string> compose_account(std::string_view account, const Accountz& accountz,
                                    const Parts& parts) {
  ASSIGN_OR_RETURN(const ListedAccount* found, find(account, accountz));
  JsonWriter json;
  write_object<Detail>(json, kFields, detail_of(*found, accountz, parts));
  return json.take();
}

}  // namespace midge::server
