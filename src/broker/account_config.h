// Accounts as the configuration or an account claim describes them: data, not yet resolved.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "auth/permissions_config.h"
#include "base/time.h"

namespace midge::broker {

struct AccountLimits {  // -1 = none
  std::int64_t max_connections = -1;
  std::int64_t max_subscriptions = -1;
  std::int64_t max_payload = -1;
  std::int64_t max_leafnodes = -1;

  bool operator==(const AccountLimits&) const = default;
};

// What may be used of JetStream; -1 = any amount.
struct JetStreamTier {
  std::int64_t max_memory = -1, max_store = -1;
  std::int64_t max_streams = -1;
  std::int64_t max_consumers = -1;  // of one stream
  std::int64_t max_ack_pending = -1;
  std::int64_t memory_max_stream_bytes = -1, store_max_stream_bytes = -1;
  bool max_bytes_required = false;

  bool operator==(const JetStreamTier&) const = default;
};

// What an account may use of it. With tiers, by replicas (`R1`), the rest is what its one applies
// to here: streams that this server alone keeps.
struct JetStreamLimits : JetStreamTier {
  std::map<std::string, JetStreamTier, std::less<>> tiers;

  [[nodiscard]] bool applies() const { return tiers.empty() || tiers.contains("R1"); }
  bool operator==(const JetStreamLimits&) const = default;
};

struct LatencyConfig {
  int sampling = 100;  // percent; 0 = by headers of the request
  std::string subject;

  bool operator==(const LatencyConfig&) const = default;
};

enum class ResponseType : std::uint8_t { kSingleton, kStream, kChunked };

struct ExportConfig {
  bool is_service = false;
  std::string subject;
  std::vector<std::string> accounts;  // empty: public
  bool token_required = false;        // operator mode: imports need an activation
  ResponseType response = ResponseType::kSingleton;
  Duration threshold = minutes(2);
  std::optional<LatencyConfig> latency;
  int account_token_position = 0;  // 1-based; 0 = none
  bool allow_trace = false;

  bool operator==(const ExportConfig&) const = default;
};

struct ImportConfig {
  bool is_service = false;
  std::string account;  // the exporter
  std::string subject;  // there
  std::string to;       // here; "" = the same, or under `prefix`
  std::string prefix;   // of streams
  bool share = false;
  bool allow_trace = false;

  bool operator==(const ImportConfig&) const = default;
};

// A service of the system account that every other account imports by itself.
struct DefaultService {
  std::string local;    // the subject everywhere
  std::string subject;  // in the system account; `*` stands for the name of who imports
  ResponseType response = ResponseType::kSingleton;
  bool share = false;
};

struct MappingDestination {
  std::string subject;
  int weight = 100;  // percent
  std::string cluster;

  bool operator==(const MappingDestination&) const = default;
};

struct MappingConfig {
  std::string source;
  std::vector<MappingDestination> destinations;

  bool operator==(const MappingConfig&) const = default;
};

struct AccountConfig {
  std::string name;
  std::string nkey;
  AccountLimits limits;
  std::vector<ExportConfig> exports;
  std::vector<ImportConfig> imports;
  std::vector<MappingConfig> mappings;
  std::optional<auth::PermissionsConfig> default_permissions;
  std::optional<JetStreamLimits> jetstream;  // unset: may not use it
  std::string title;                         // what people call it, where its name is a key
  std::string trace_destination;
  int trace_sampling = 100;

  bool operator==(const AccountConfig&) const = default;
};

}  // namespace midge::broker
