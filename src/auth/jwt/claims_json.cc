#include "auth/jwt/claims_json.h"

namespace midge::auth::jwt {
namespace {

using codec::JsonWriter;

constexpr int kVersion = 2;

void write_lists(JsonWriter& json, std::string_view name, const SubjectLists& lists) {
  json.key(name).begin_object();
  json.field_unless_empty("allow", lists.allow);
  json.field_unless_empty("deny", lists.deny);
  json.end_object();
}

void write_permissions(JsonWriter& json, const ClaimedPermissions& permissions) {
  write_lists(json, "pub", permissions.pub);
  write_lists(json, "sub", permissions.sub);
  if (!permissions.resp) return;
  json.key("resp").begin_object();
  json.field("max", permissions.resp->max).field("ttl", permissions.resp->ttl_ns).end_object();
}

void write_rights(JsonWriter& json, const UserRights& rights) {
  write_permissions(json, rights.permissions);
  json.field_unless_empty("src", rights.src);
  if (!rights.times.empty()) {
    json.key("times").begin_array();
    for (const TimeRange& range : rights.times)
      json.begin_object().field("start", range.start).field("end", range.end).end_object();
    json.end_array();
  }
  json.field_unless_empty("times_location", rights.locale)
      .field_unless_empty("subs", rights.subs)
      .field_unless_empty("data", rights.data)
      .field_unless_empty("payload", rights.payload)
      .field_unless_empty("bearer_token", rights.bearer_token)
      .field_unless_empty("proxy_required", rights.proxy_required);
  json.field_unless_empty("allowed_connection_types", rights.connection_types);
}

void write_revocations(JsonWriter& json, const Revocations& revocations) {
  if (revocations.empty()) return;
  json.key("revocations").begin_object();
  for (const auto& [key, time] : revocations) json.field(key, time);
  json.end_object();
}

void write_end(JsonWriter& json, const Head& head, std::string_view type) {
  json.field_unless_empty("tags", head.tags);
  json.field("type", type).field("version", kVersion).end_object();
}

const char* type_name(bool is_service) { return is_service ? "service" : "stream"; }

void write_export(JsonWriter& json, const ClaimedExport& exported) {
  json.begin_object()
      .field_unless_empty("name", exported.name)
      .field_unless_empty("subject", exported.subject)
      .field("type", type_name(exported.is_service))
      .field_unless_empty("token_req", exported.token_required);
  write_revocations(json, exported.revocations);
  json.field_unless_empty("response_type", exported.response_type)
      .field_unless_empty("response_threshold", exported.response_threshold_ns);
  if (exported.latency) {
    json.key("service_latency").begin_object().key("sampling");
    if (exported.latency->sampling == 0)
      json.value("headers");
    else
      json.value(exported.latency->sampling);
    json.field("results", exported.latency->results).end_object();
  }
  json.field_unless_empty("account_token_position", exported.account_token_position)
      .field_unless_empty("advertise", exported.advertise)
      .field_unless_empty("allow_trace", exported.allow_trace)
      .end_object();
}

void write_import(JsonWriter& json, const ClaimedImport& imported) {
  json.begin_object()
      .field_unless_empty("name", imported.name)
      .field_unless_empty("subject", imported.subject)
      .field_unless_empty("account", imported.account)
      .field_unless_empty("token", imported.token)
      .field_unless_empty("to", imported.to)
      .field_unless_empty("local_subject", imported.local_subject)
      .field("type", type_name(imported.is_service))
      .field_unless_empty("share", imported.share)
      .field_unless_empty("allow_trace", imported.allow_trace)
      .end_object();
}

void write_signing_keys(JsonWriter& json, const AccountClaims& claims) {
  if (claims.signing_keys.empty()) return;
  json.key("signing_keys").begin_array();
  for (const auto& [key, scope] : claims.signing_keys) {
    if (!scope) {
      json.value(key);
      continue;
    }
    json.begin_object().field("kind", "user_scope").field("key", key).field("role", scope->role);
    json.key("template").begin_object();
    write_rights(json, scope->rights);
    json.end_object().field_unless_empty("description", scope->description).end_object();
  }
  json.end_array();
}

void write_mappings(JsonWriter& json, const AccountClaims& claims) {
  if (claims.mappings.empty()) return;
  json.key("mappings").begin_object();
  for (const auto& [source, mappings] : claims.mappings) {
    json.key(source).begin_array();
    for (const WeightedMapping& mapping : mappings)
      json.begin_object()
          .field("subject", mapping.subject)
          .field_unless_empty("weight", mapping.weight)
          .field_unless_empty("cluster", mapping.cluster)
          .end_object();
    json.end_array();
  }
  json.end_object();
}

void write_jetstream(JsonWriter& json, const JetStreamClaim& claim) {
  json.field_unless_empty("mem_storage", claim.mem_storage)
      .field_unless_empty("disk_storage", claim.disk_storage)
      .field_unless_empty("streams", claim.streams)
      .field_unless_empty("consumer", claim.consumer)
      .field_unless_empty("max_ack_pending", claim.max_ack_pending)
      .field_unless_empty("mem_max_stream_bytes", claim.mem_max_stream_bytes)
      .field_unless_empty("disk_max_stream_bytes", claim.disk_max_stream_bytes)
      .field_unless_empty("max_bytes_required", claim.max_bytes_required);
}

void write_tiers(JsonWriter& json, const AccountLimits& limits) {
  if (limits.tiers.empty()) return;
  json.key("tiered_limits").begin_object();
  for (const auto& [name, tier] : limits.tiers) {
    json.key(name).begin_object();
    write_jetstream(json, tier);
    json.end_object();
  }
  json.end_object();
}

void write_limits(JsonWriter& json, const AccountLimits& limits) {
  json.key("limits")
      .begin_object()
      .field_unless_empty("subs", limits.subs)
      .field_unless_empty("data", limits.data)
      .field_unless_empty("payload", limits.payload)
      .field_unless_empty("imports", limits.imports)
      .field_unless_empty("exports", limits.exports)
      .field_unless_empty("wildcards", limits.wildcards)
      .field_unless_empty("disallow_bearer", limits.disallow_bearer)
      .field_unless_empty("conn", limits.conn)
      .field_unless_empty("leaf", limits.leaf);
  write_jetstream(json, limits.jetstream);
  write_tiers(json, limits);
  json.end_object();
}

void write_authorization(JsonWriter& json, const ExternalAuthorization& authorization) {
  json.key("authorization").begin_object();
  json.field_unless_empty("auth_users", authorization.auth_users);
  json.field_unless_empty("allowed_accounts", authorization.allowed_accounts);
  json.field_unless_empty("xkey", authorization.xkey).end_object();
}

}  // namespace

void write_head(JsonWriter& json, const Head& head) {
  json.field_unless_empty("aud", head.audience)
      .field_unless_empty("exp", head.expires)
      .field_unless_empty("jti", head.id)
      .field_unless_empty("iat", head.issued_at)
      .field_unless_empty("iss", head.issuer)
      .field_unless_empty("name", head.name)
      .field_unless_empty("nbf", head.not_before)
      .field_unless_empty("sub", head.subject);
}

void write_body(JsonWriter& json, const OperatorClaims& claims) {
  json.begin_object();
  json.field_unless_empty("signing_keys", claims.signing_keys);
  json.field_unless_empty("account_server_url", claims.account_server_url);
  json.field_unless_empty("operator_service_urls", claims.operator_service_urls);
  json.field_unless_empty("system_account", claims.system_account)
      .field_unless_empty("assert_server_version", claims.assert_server_version)
      .field_unless_empty("strict_signing_key_usage", claims.strict_signing_key_usage);
  write_end(json, claims.head, "operator");
}

void write_body(JsonWriter& json, const AccountClaims& claims) {
  json.begin_object();
  if (!claims.imports.empty()) {
    json.key("imports").begin_array();
    for (const ClaimedImport& imported : claims.imports) write_import(json, imported);
    json.end_array();
  }
  if (!claims.exports.empty()) {
    json.key("exports").begin_array();
    for (const ClaimedExport& exported : claims.exports) write_export(json, exported);
    json.end_array();
  }
  write_limits(json, claims.limits);
  write_signing_keys(json, claims);
  write_revocations(json, claims.revocations);
  json.key("default_permissions").begin_object();
  write_permissions(json, claims.default_permissions);
  json.end_object();
  write_mappings(json, claims);
  write_authorization(json, claims.authorization);
  if (!claims.trace_destination.empty()) {
    json.key("trace").begin_object().field("dest", claims.trace_destination);
    json.field_unless_empty("sampling", claims.trace_sampling).end_object();
  }
  json.field_unless_empty("cluster_traffic", claims.cluster_traffic);
  write_end(json, claims.head, "account");
}

void write_body(JsonWriter& json, const UserClaims& claims) {
  json.begin_object();
  write_rights(json, claims.rights);
  json.field_unless_empty("issuer_account", claims.issuer_account);
  write_end(json, claims.head, "user");
}

void write_body(JsonWriter& json, const ActivationClaims& claims) {
  json.begin_object()
      .field_unless_empty("subject", claims.subject)
      .field("kind", type_name(claims.is_service))
      .field_unless_empty("issuer_account", claims.issuer_account);
  write_end(json, claims.head, "activation");
}

void write_body(JsonWriter& json, const AuthorizationResponse& claims) {
  json.begin_object()
      .field_unless_empty("jwt", claims.jwt)
      .field_unless_empty("error", claims.error)
      .field_unless_empty("issuer_account", claims.issuer_account);
  write_end(json, claims.head, "authorization_response");
}

}  // namespace midge::auth::jwt
