#include "server/operator/account_conversion.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string_view>

#include "auth/jwt/claims_check.h"
#include "subject/subject.h"

namespace midge::server {
namespace {

using auth::jwt::AccountPtr;
using auth::jwt::AccountRecord;
using auth::jwt::ActivationClaims;
using auth::jwt::ClaimedExport;
using auth::jwt::ClaimedImport;

constexpr std::int64_t kSecond = seconds(1).ns;

broker::ResponseType response_type(const ClaimedExport& exported) {
  if (exported.response_type == "Stream") return broker::ResponseType::kStream;
  if (exported.response_type == "Chunked") return broker::ResponseType::kChunked;
  return broker::ResponseType::kSingleton;
}

broker::ExportConfig convert(const ClaimedExport& exported, const std::string& exporter) {
  broker::ExportConfig config;
  config.is_service = exported.is_service;
  config.subject = exported.subject;
  config.token_required = exported.token_required;
  // A list without any other: whose activation is in order is added to it.
  if (exported.token_required) config.accounts.push_back(exporter);
  config.response = response_type(exported);
  if (exported.response_threshold_ns > 0)
    config.threshold = nanoseconds(exported.response_threshold_ns);
  if (exported.latency)
    config.latency = broker::LatencyConfig{exported.latency->sampling, exported.latency->results};
  config.account_token_position = static_cast<int>(exported.account_token_position);
  config.allow_trace = exported.allow_trace;
  return config;
}

broker::ImportConfig convert(const ClaimedImport& imported) {
  broker::ImportConfig config;
  config.is_service = imported.is_service;
  config.account = imported.account;
  config.subject = imported.exported_subject();
  config.share = imported.share;
  config.allow_trace = imported.allow_trace;
  if (!imported.local_subject.empty())
    config.to = imported.local_subject;
  else if (imported.is_service)
    config.to = imported.subject == config.subject ? "" : imported.subject;
  else
    config.prefix = imported.to;
  return config;
}

broker::JetStreamTier convert(const auth::jwt::JetStreamClaim& claim) {
  // Where none is no limit, and where less than none is.
  const auto unless_zero = [](std::int64_t limit) { return limit == 0 ? -1 : limit; };
  broker::JetStreamTier tier;
  tier.max_memory = claim.mem_storage;
  tier.max_store = claim.disk_storage;
  tier.max_streams = claim.streams;
  tier.max_consumers = claim.consumer;
  tier.max_ack_pending = unless_zero(claim.max_ack_pending);
  tier.memory_max_stream_bytes = unless_zero(claim.mem_max_stream_bytes);
  tier.store_max_stream_bytes = unless_zero(claim.disk_max_stream_bytes);
  tier.max_bytes_required = claim.max_bytes_required;
  return tier;
}

std::optional<broker::JetStreamLimits> convert_jetstream(const auth::jwt::AccountLimits& claims) {
  if (claims.tiers.empty() && !claims.jetstream.enabled()) return std::nullopt;
  broker::JetStreamLimits limits;
  static_cast<broker::JetStreamTier&>(limits) = convert(claims.jetstream);
  for (const auto& [name, tier] : claims.tiers) limits.tiers[name] = convert(tier);
  if (const auto alone = limits.tiers.find("R1"); alone != limits.tiers.end())
    static_cast<broker::JetStreamTier&>(limits) = alone->second;
  return limits;
}

broker::AccountConfig convert(const AccountRecord& record) {
  const auth::jwt::AccountClaims& claims = record.claims;
  broker::AccountConfig config;
  config.name = config.nkey = claims.head.subject;
  config.title = claims.head.name;
  config.jetstream = convert_jetstream(claims.limits);
  config.limits = {.max_connections = claims.limits.conn,
                   .max_subscriptions = claims.limits.subs,
                   .max_payload = claims.limits.payload,
                   .max_leafnodes = claims.limits.leaf};
  for (const ClaimedExport& exported : claims.exports)
    config.exports.push_back(convert(exported, config.name));
  for (const auto& [source, destinations] : claims.mappings) {
    broker::MappingConfig& mapping = config.mappings.emplace_back();
    mapping.source = source;
    for (const auto& destination : destinations) {
      const int weight = destination.weight == 0 ? 100 : static_cast<int>(destination.weight);
      mapping.destinations.push_back({destination.subject, weight, destination.cluster});
    }
  }
  config.trace_destination = claims.trace_destination;
  if (claims.trace_sampling != 0) config.trace_sampling = static_cast<int>(claims.trace_sampling);
  return config;
}

// The export that an import means: the first that holds its subject.
const ClaimedExport* find_export(const AccountRecord& exporter, const ClaimedImport& imported) {
  for (const ClaimedExport& exported : exporter.claims.exports)
    if (exported.is_service == imported.is_service &&
        subject::is_subset(imported.exported_subject(), exported.subject))
      return &exported;
  return nullptr;
}

// Why an activation does not let `importer` in; nothing if it does. Its form, its subject and whom
// it is for were checked with the account's claim.
std::optional<std::string> find_fault(const ActivationClaims& activation,
                                      const AccountRecord& exporter, const ClaimedExport& exported,
                                      WallTime now) {
  const auto validity = auth::jwt::validity_at(activation.head, now.ns / kSecond);
  if (validity != auth::jwt::Validity::kValid)
    return "activation: " + std::string(auth::jwt::to_text(validity));
  if (!exporter.has_issuer(activation.head.issuer))
    return "activation is signed by none of the exporter's keys";
  if (auth::jwt::is_revoked(exported.revocations, activation.head.subject,
                            activation.head.issued_at))
    return "activation is revoked";
  return std::nullopt;
}

class Converter {
 public:
  Converter(std::span<const AccountPtr> records, WallTime now) : records_(records), now_(now) {
    for (std::size_t at = 0; at < records.size(); ++at) {
      places_[records[at]->claims.head.subject] = at;
      result_.accounts.push_back(convert(*records[at]));
    }
  }

  ConvertedAccounts run() {
    for (std::size_t at = 0; at < records_.size(); ++at)
      for (const ClaimedImport& imported : records_[at]->claims.imports)
        if (const auto fault = take_import(at, imported))
          result_.left_out.push_back("Account " + records_[at]->claims.head.subject +
                                     ": import of \"" + imported.exported_subject() + "\" from " +
                                     imported.account + " left out: " + *fault);
    return std::move(result_);
  }

 private:
  // Why the import is left out.
  std::optional<std::string> take_import(std::size_t importer, const ClaimedImport& imported) {
    const auto exporter = places_.find(imported.account);
    if (exporter == places_.end()) return "the account is not known";
    const AccountRecord& record = *records_[exporter->second];
    const ClaimedExport* exported = find_export(record, imported);
    if (exported == nullptr) return "the account exports no such subject";
    const std::string& importer_name = result_.accounts[importer].name;
    if (exported->token_required && exported->account_token_position == 0) {
      if (imported.token.empty()) return "it asks for an activation, and there is none";
      const auto activation = auth::jwt::decode_activation(imported.token);
      if (!activation) return "activation: " + activation.error().text();
      if (const auto fault = find_fault(*activation, record, *exported, now_)) return fault;
      note_expiry(activation->head.expires);
      const std::size_t index = static_cast<std::size_t>(exported - record.claims.exports.data());
      result_.accounts[exporter->second].exports[index].accounts.push_back(importer_name);
    }
    result_.accounts[importer].imports.push_back(convert(imported));
    return std::nullopt;
  }

  void note_expiry(std::int64_t expires) {
    if (expires == 0) return;
    const WallTime time{(expires + 1) * kSecond};
    if (result_.next_change.ns == 0 || time < result_.next_change) result_.next_change = time;
  }

  std::span<const AccountPtr> records_;
  WallTime now_;
  std::map<std::string_view, std::size_t> places_;
  ConvertedAccounts result_;
};

}  // namespace

ConvertedAccounts convert_accounts(std::span<const AccountPtr> records, WallTime now) {
  return Converter(records, now).run();
}

}  // namespace midge::server
