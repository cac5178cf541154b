// The claims that NATS makes in tokens, decoded. Plain data; what may be claimed by whom, and when,
// is checked elsewhere (claims_check.h, user_chain.h).
//
// Fields have the names they have in the tokens' JSON where these are words.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "auth/jwt/token.h"
#include "crypto/nkey.h"

namespace midge::auth::jwt {

struct SubjectLists {
  std::vector<std::string> allow, deny;

  [[nodiscard]] bool empty() const { return allow.empty() && deny.empty(); }
  bool operator==(const SubjectLists&) const = default;
};

struct ClaimedPermissions {
  SubjectLists pub, sub;
  struct Responses {
    std::int64_t max = 0;
    std::int64_t ttl_ns = 0;
    bool operator==(const Responses&) const = default;
  };
  std::optional<Responses> resp;

  [[nodiscard]] bool empty() const { return pub.empty() && sub.empty() && !resp; }
  bool operator==(const ClaimedPermissions&) const = default;
};

struct TimeRange {
  std::string start, end;  // `15:04:05`
  bool operator==(const TimeRange&) const = default;
};

// What a user may do: part of its own claim, or of the role (scope) its signing key stands for.
// The numbers: -1 = no limit. A claim that does not mention them holds 0, as a scoped user's must.
struct UserRights {
  ClaimedPermissions permissions;
  std::int64_t subs = 0, data = 0, payload = 0;
  std::vector<std::string> src;  // networks, `10.0.0.0/8`
  std::vector<TimeRange> times;
  std::string locale;  // of times: a zone of the tz database; "" = the server's
  bool bearer_token = false;
  bool proxy_required = false;
  std::vector<std::string> connection_types;

  bool operator==(const UserRights&) const = default;
};

struct UserClaims {
  Head head;
  UserRights rights;
  std::string issuer_account;  // if the issuer is a signing key

  // The account the user is in.
  [[nodiscard]] const std::string& account() const {
    return issuer_account.empty() ? head.issuer : issuer_account;
  }
};

struct UserScope {
  std::string key, role, description;
  UserRights rights;
};

// Since when nothing issued is valid, by public key; `*` is everybody's.
using Revocations = std::map<std::string, std::int64_t, std::less<>>;

struct ClaimedExport {
  std::string name, subject;
  bool is_service = false;
  bool token_required = false;
  Revocations revocations;  // of activations, by the importing account
  std::string response_type;
  std::int64_t response_threshold_ns = 0;
  struct Latency {
    int sampling = 0;  // percent; 0 = by the request's headers
    std::string results;
  };
  std::optional<Latency> latency;
  std::int64_t account_token_position = 0;
  bool advertise = false;
  bool allow_trace = false;
};

struct ClaimedImport {
  std::string name, subject, account;
  std::string token;  // an activation, if the export asks for one
  std::string to, local_subject;
  bool is_service = false;
  bool share = false;
  bool allow_trace = false;

  // What the exporter calls it. `subject` is the publisher's view: in a service that is the
  // importer, unless `local_subject` says what the importer calls it.
  [[nodiscard]] const std::string& exported_subject() const {
    return is_service && local_subject.empty() && !to.empty() ? to : subject;
  }
};

struct WeightedMapping {
  std::string subject, cluster;
  std::int64_t weight = 0;  // 0 = the only one: 100
};

// What an account may use of JetStream; absent = 0. Of the sizes, 0 of all means not at all; of a
// stream's bytes and of pending messages, 0 is no limit.
struct JetStreamClaim {
  std::int64_t mem_storage = 0, disk_storage = 0;
  std::int64_t streams = 0, consumer = 0, max_ack_pending = 0;
  std::int64_t mem_max_stream_bytes = 0, disk_max_stream_bytes = 0;
  bool max_bytes_required = false;

  [[nodiscard]] bool enabled() const { return mem_storage != 0 || disk_storage != 0; }
};

struct AccountLimits {  // absent = 0, as in the tokens
  std::int64_t subs = 0, data = 0, payload = 0;
  std::int64_t imports = 0, exports = 0;
  bool wildcards = false;
  bool disallow_bearer = false;
  std::int64_t conn = 0, leaf = 0;
  JetStreamClaim jetstream;
  std::map<std::string, JetStreamClaim, std::less<>>
      tiers;  // by replicas: `R1`; then the only ones
};

struct ExternalAuthorization {
  std::vector<std::string> auth_users, allowed_accounts;
  std::string xkey;

  [[nodiscard]] bool enabled() const { return !auth_users.empty(); }
};

struct AccountClaims {
  Head head;
  std::vector<ClaimedImport> imports;
  std::vector<ClaimedExport> exports;
  AccountLimits limits;
  // Public keys that may sign users, and the role each stands for.
  std::map<std::string, std::optional<UserScope>, std::less<>> signing_keys;
  Revocations revocations;  // of users
  ClaimedPermissions default_permissions;
  std::map<std::string, std::vector<WeightedMapping>> mappings;
  ExternalAuthorization authorization;
  std::string trace_destination;
  std::int64_t trace_sampling = 0;
  std::string cluster_traffic;
};

struct OperatorClaims {
  Head head;
  std::vector<std::string> signing_keys;
  std::string account_server_url;
  std::vector<std::string> operator_service_urls;
  std::string system_account;
  std::string assert_server_version;
  bool strict_signing_key_usage = false;
};

struct ActivationClaims {
  Head head;
  std::string subject;  // what is allowed to be imported
  bool is_service = false;
  std::string issuer_account;
};

struct AuthorizationResponse {
  Head head;
  std::string jwt, error, issuer_account;
};

// Each reads a token of its type and checks the signature.
Result<OperatorClaims> decode_operator(std::string_view token);
Result<AccountClaims> decode_account(std::string_view token);
Result<UserClaims> decode_user(std::string_view token);
Result<ActivationClaims> decode_activation(std::string_view token);
Result<AuthorizationResponse> decode_authorization_response(std::string_view token);

// Each makes a token signed by `issuer`, of version 2; head.issuer and head.id follow from it.
Result<std::string> encode(const OperatorClaims& claims, const crypto::NkeyPair& issuer);
Result<std::string> encode(const AccountClaims& claims, const crypto::NkeyPair& issuer);
Result<std::string> encode(const UserClaims& claims, const crypto::NkeyPair& issuer);
Result<std::string> encode(const ActivationClaims& claims, const crypto::NkeyPair& issuer);
Result<std::string> encode(const AuthorizationResponse& claims, const crypto::NkeyPair& issuer);
// Any other type: `body` is the JSON of the part that only this type has, with type and version.
Result<std::string> encode_claims(Head head, std::string_view body, const crypto::NkeyPair& issuer);

}  // namespace midge::auth::jwt
