#include <algorithm>
#include <initializer_list>

#include "auth/jwt/claims.h"
#include "crypto/nkey.h"

namespace midge::auth::jwt {
namespace {

using codec::JsonReader;
using codec::JsonValue;
using crypto::NkeyKind;

// Opens a token that must be of `type` and issued by a key of one of these kinds.
Result<Token> open_typed(std::string_view text, std::string_view type,
                         std::initializer_list<NkeyKind> issuers) {
  ASSIGN_OR_RETURN(Token token, open_token(text));
  if (token.type != type)
    return failure("not " + std::string(type) + " claim", ErrorCode::kInvalid);
  for (const NkeyKind kind : issuers)
    if (crypto::is_public_nkey(kind, token.head.issuer)) return token;
  return failure("unable to validate expected prefixes - " + token.head.issuer,
                 ErrorCode::kInvalid);
}

Result<void> read_lists(const JsonValue* value, SubjectLists& lists) {
  return JsonReader(value).read("allow", lists.allow).read("deny", lists.deny).done();
}

// Reads the members pub, sub and resp of what `reader` reads.
void read_permissions(JsonReader& reader, ClaimedPermissions& permissions) {
  reader.check(read_lists(reader.object("pub"), permissions.pub));
  reader.check(read_lists(reader.object("sub"), permissions.sub));
  if (const JsonValue* resp = reader.object("resp")) {
    ClaimedPermissions::Responses responses;
    reader.check(
        JsonReader(resp, "resp").read("max", responses.max).read("ttl", responses.ttl_ns).done());
    permissions.resp = responses;
  }
}

void read_times(JsonReader& reader, std::vector<TimeRange>& times) {
  const JsonValue* list = reader.array("times");
  if (list == nullptr) return;
  for (const JsonValue& item : list->items) {
    TimeRange range;
    reader.check(
        JsonReader(&item, "times").read("start", range.start).read("end", range.end).done());
    times.push_back(std::move(range));
  }
}

// Networks as one text, as version 1 wrote them: separated by commas, with blanks around.
std::vector<std::string> split_networks(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  std::vector<std::string> networks;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    one.remove_prefix(std::min(one.find_first_not_of(kBlanks), one.size()));
    one = one.substr(0, one.find_last_not_of(kBlanks) + 1);
    if (!one.empty()) networks.emplace_back(one);
  }
  return networks;
}

Result<void> read_rights(const JsonValue* value, int version, UserRights& rights) {
  JsonReader reader(value, "nats");
  // Version 1 had no limits of users: whoever has one may do all that his account may.
  if (version == 1) rights.subs = rights.data = rights.payload = -1;
  reader.read("subs", rights.subs)
      .read("data", rights.data)
      .read("payload", rights.payload)
      .read("times_location", rights.locale)
      .read("bearer_token", rights.bearer_token)
      .read("proxy_required", rights.proxy_required)
      .read("allowed_connection_types", rights.connection_types);
  read_permissions(reader, rights.permissions);
  read_times(reader, rights.times);
  // A text of them, as in version 1, does in version 2 too.
  const JsonValue* src = value == nullptr ? nullptr : value->find("src");
  if (version == 1 || (src != nullptr && src->type == JsonValue::Type::kString)) {
    std::string networks;
    reader.read("src", networks);
    rights.src = split_networks(networks);
  } else {
    reader.read("src", rights.src);
  }
  return reader.done();
}

Result<void> read_revocations(const JsonValue* value, Revocations& revocations) {
  if (value == nullptr) return {};
  for (const auto& [key, time] : value->members) {
    const auto seconds = time.integer();
    if (!seconds) return failure("revocations: not a time", ErrorCode::kInvalid);
    revocations[key] = *seconds;
  }
  return {};
}

Result<bool> is_service(const std::string& type, const char* what) {
  if (type == "service") return true;
  if (type == "stream") return false;
  return failure(std::string(what) + ": unknown export type \"" + type + "\"", ErrorCode::kInvalid);
}

Result<ClaimedExport::Latency> read_latency(const JsonValue& value) {
  ClaimedExport::Latency latency;
  const JsonValue* sampling = value.find("sampling");
  JsonReader reader(&value, "service_latency");
  reader.read("results", latency.results);
  if (sampling == nullptr || sampling->type != JsonValue::Type::kString)
    reader.read("sampling", latency.sampling);
  else if (sampling->text != "headers")
    return failure("service_latency.sampling: neither a number nor \"headers\"");
  TRY(reader.done());
  return latency;
}

Result<ClaimedExport> read_export(const JsonValue& value) {
  ClaimedExport exported;
  std::string type;
  JsonReader reader(&value, "exports");
  reader.read("name", exported.name)
      .read("subject", exported.subject)
      .read("type", type)
      .read("token_req", exported.token_required)
      .read("response_type", exported.response_type)
      .read("response_threshold", exported.response_threshold_ns)
      .read("account_token_position", exported.account_token_position)
      .read("advertise", exported.advertise)
      .read("allow_trace", exported.allow_trace)
      .check(read_revocations(reader.object("revocations"), exported.revocations));
  const JsonValue* latency = reader.object("service_latency");
  TRY(reader.done());
  ASSIGN_OR_RETURN(exported.is_service, is_service(type, "exports"));
  if (latency != nullptr) {
    ASSIGN_OR_RETURN(exported.latency, read_latency(*latency));
  }
  return exported;
}

Result<ClaimedImport> read_import(const JsonValue& value) {
  ClaimedImport imported;
  std::string type;
  TRY(JsonReader(&value, "imports")
          .read("name", imported.name)
          .read("subject", imported.subject)
          .read("account", imported.account)
          .read("token", imported.token)
          .read("to", imported.to)
          .read("local_subject", imported.local_subject)
          .read("type", type)
          .read("share", imported.share)
          .read("allow_trace", imported.allow_trace)
          .done());
  ASSIGN_OR_RETURN(imported.is_service, is_service(type, "imports"));
  return imported;
}

Result<void> read_signing_key(const JsonValue& value, AccountClaims& claims) {
  if (value.type == JsonValue::Type::kString) {
    claims.signing_keys[value.text] = std::nullopt;
    return {};
  }
  UserScope scope;
  std::string kind;
  JsonReader reader(&value, "signing_keys");
  reader.read("kind", kind)
      .read("key", scope.key)
      .read("role", scope.role)
      .read("description", scope.description)
      .check(read_rights(reader.object("template"), 2, scope.rights));
  TRY(reader.done());
  if (kind != "user_scope") return failure("unknown scope kind \"" + kind + "\"");
  claims.signing_keys[scope.key] = std::move(scope);
  return {};
}

Result<void> read_mappings(const JsonValue& value, AccountClaims& claims) {
  for (const auto& [source, list] : value.members) {
    std::vector<WeightedMapping>& mappings = claims.mappings[source];
    mappings.clear();
    for (const JsonValue& item : list.items) {
      WeightedMapping mapping;
      TRY(JsonReader(&item, "mappings")
              .read("subject", mapping.subject)
              .read("weight", mapping.weight)
              .read("cluster", mapping.cluster)
              .done());
      mappings.push_back(std::move(mapping));
    }
  }
  return {};
}

JsonReader& read_jetstream(JsonReader& reader, JetStreamClaim& claim) {
  return reader.read("mem_storage", claim.mem_storage)
      .read("disk_storage", claim.disk_storage)
      .read("streams", claim.streams)
      .read("consumer", claim.consumer)
      .read("max_ack_pending", claim.max_ack_pending)
      .read("mem_max_stream_bytes", claim.mem_max_stream_bytes)
      .read("disk_max_stream_bytes", claim.disk_max_stream_bytes)
      .read("max_bytes_required", claim.max_bytes_required);
}

Result<void> read_limits(const JsonValue* value, AccountLimits& limits) {
  JsonReader reader(value, "limits");
  if (const JsonValue* tiers = reader.object("tiered_limits"))
    for (const codec::JsonMember& tier : tiers->members) {
      JsonReader inner(&tier.value, "tiered_limits");
      TRY(read_jetstream(inner, limits.tiers[tier.name]).done());
    }
  return read_jetstream(reader, limits.jetstream)
      .read("subs", limits.subs)
      .read("data", limits.data)
      .read("payload", limits.payload)
      .read("imports", limits.imports)
      .read("exports", limits.exports)
      .read("wildcards", limits.wildcards)
      .read("disallow_bearer", limits.disallow_bearer)
      .read("conn", limits.conn)
      .read("leaf", limits.leaf)
      .done();
}

Result<void> read_account_lists(JsonReader& reader, AccountClaims& claims) {
  if (const JsonValue* list = reader.array("exports"))
    for (const JsonValue& item : list->items) {
      ASSIGN_OR_RETURN(ClaimedExport exported, read_export(item));
      claims.exports.push_back(std::move(exported));
    }
  if (const JsonValue* list = reader.array("imports"))
    for (const JsonValue& item : list->items) {
      ASSIGN_OR_RETURN(ClaimedImport imported, read_import(item));
      claims.imports.push_back(std::move(imported));
    }
  if (const JsonValue* list = reader.array("signing_keys"))
    for (const JsonValue& item : list->items) TRY(read_signing_key(item, claims));
  if (const JsonValue* mappings = reader.object("mappings")) TRY(read_mappings(*mappings, claims));
  return {};
}

}  // namespace

Result<OperatorClaims> decode_operator(std::string_view text) {
  ASSIGN_OR_RETURN(const Token token, open_typed(text, "operator", {NkeyKind::kOperator}));
  OperatorClaims claims{.head = token.head};
  TRY(JsonReader(token.body(), "nats")
          .read("signing_keys", claims.signing_keys)
          .read("account_server_url", claims.account_server_url)
          .read("operator_service_urls", claims.operator_service_urls)
          .read("system_account", claims.system_account)
          .read("assert_server_version", claims.assert_server_version)
          .read("strict_signing_key_usage", claims.strict_signing_key_usage)
          .done());
  return claims;
}

Result<AccountClaims> decode_account(std::string_view text) {
  ASSIGN_OR_RETURN(const Token token,
                   open_typed(text, "account", {NkeyKind::kAccount, NkeyKind::kOperator}));
  AccountClaims claims{.head = token.head};
  JsonReader reader(token.body(), "nats");
  reader.check(read_limits(reader.object("limits"), claims.limits))
      .check(read_revocations(reader.object("revocations"), claims.revocations))
      .check(read_account_lists(reader, claims));
  JsonReader defaults(reader.object("default_permissions"), "default_permissions");
  read_permissions(defaults, claims.default_permissions);
  const JsonValue* authorization = reader.object("authorization");
  const JsonValue* trace = reader.object("trace");
  reader.read("cluster_traffic", claims.cluster_traffic);
  TRY(reader.check(defaults.done()).done());
  TRY(JsonReader(authorization, "authorization")
          .read("auth_users", claims.authorization.auth_users)
          .read("allowed_accounts", claims.authorization.allowed_accounts)
          .read("xkey", claims.authorization.xkey)
          .done());
  TRY(JsonReader(trace, "trace")
          .read("dest", claims.trace_destination)
          .read("sampling", claims.trace_sampling)
          .done());
  return claims;
}

Result<UserClaims> decode_user(std::string_view text) {
  ASSIGN_OR_RETURN(const Token token, open_typed(text, "user", {NkeyKind::kAccount}));
  UserClaims claims{.head = token.head};
  TRY(read_rights(token.body(), token.version, claims.rights));
  TRY(JsonReader(token.body(), "nats").read("issuer_account", claims.issuer_account).done());
  return claims;
}

Result<ActivationClaims> decode_activation(std::string_view text) {
  ASSIGN_OR_RETURN(const Token token,
                   open_typed(text, "activation", {NkeyKind::kAccount, NkeyKind::kOperator}));
  ActivationClaims claims{.head = token.head};
  // In version 1 the body's `type` was the kind of import.
  std::string kind;
  TRY(JsonReader(token.body(), "nats")
          .read("subject", claims.subject)
          .read(token.version == 1 ? "type" : "kind", kind)
          .read("issuer_account", claims.issuer_account)
          .done());
  ASSIGN_OR_RETURN(claims.is_service, is_service(kind, "activation"));
  return claims;
}

Result<AuthorizationResponse> decode_authorization_response(std::string_view text) {
  ASSIGN_OR_RETURN(const Token token,
                   open_typed(text, "authorization_response", {NkeyKind::kAccount}));
  AuthorizationResponse claims{.head = token.head};
  TRY(JsonReader(token.body(), "nats")
          .read("jwt", claims.jwt)
          .read("error", claims.error)
          .read("issuer_account", claims.issuer_account)
          .done());
  return claims;
}

}  // namespace midge::auth::jwt
