#include "server/operator/operator_json.h"

namespace midge::server {
void write_operator(codec::JsonWriter& json, const auth::jwt::OperatorClaims& claims) {
  const auth::jwt::Head& head = claims.head;
  json.begin_object()
      .field_unless_empty("aud", head.audience)
      .field_unless_empty("exp", head.expires)
      .field_unless_empty("jti", head.id)
      .field_unless_empty("iat", head.issued_at)
      .field_unless_empty("iss", head.issuer)
      .field_unless_empty("name", head.name)
      .field_unless_empty("nbf", head.not_before)
      .field_unless_empty("sub", head.subject);
  json.key("nats").begin_object();
  json.field_unless_empty("signing_keys", claims.signing_keys);
  json.field_unless_empty("account_server_url", claims.account_server_url);
  json.field_unless_empty("operator_service_urls", claims.operator_service_urls);
  json.field_unless_empty("system_account", claims.system_account)
      .field_unless_empty("assert_server_version", claims.assert_server_version)
      .field_unless_empty("strict_signing_key_usage", claims.strict_signing_key_usage);
  json.field_unless_empty("tags", head.tags);
  json.field("type", "operator").field("version", 2).end_object().end_object();
}

}  // namespace midge::server
