#include "proto/connect_options.h"

#include "codec/json_fields.h"

namespace midge::proto {

Result<void> parse_connect(std::string_view json, ConnectOptions& options) {
  using codec::JsonType;
  codec::JsonFields fields;
  fields.field("verbose", options.verbose)
      .field("pedantic", options.pedantic)
      .field("echo", options.echo)
      .field("headers", options.headers)
      .field("no_responders", options.no_responders)
      .field("tls_required", options.tls_required)
      .field("protocol", options.protocol)
      .field("new_account", options.new_account)
      .field("account", options.account);
  fields.field("user", options.user)
      .field("pass", options.pass)
      .field("auth_token", options.auth_token)
      .field("nkey", options.nkey)
      .field("sig", options.sig)
      .field("jwt", options.jwt)
      .field("proxy_sig", options.proxy_sig)
      .field("name", options.name)
      .field("lang", options.lang)
      .field("version", options.version);
  // What servers tell each other: of no use from a client, but it must have its type.
  fields.checked("import", JsonType::kObject)
      .checked("export", JsonType::kObject)
      .checked("remote_account", JsonType::kString);
  return fields.read(json);
}

}  // namespace midge::proto
