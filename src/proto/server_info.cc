#include "proto/server_info.h"

#include "codec/json_writer.h"

namespace midge::proto {
std::string to_json(const ServerInfo& info) {
  codec::JsonWriter json;
  json.begin_object()
      .field("server_id", info.server_id)
      .field("server_name", info.server_name)
      .field("version", info.version)
      .field("proto", info.proto)
      .field_unless_empty("git_commit", info.git_commit)
      .field("go", info.go)
      .field("host", info.host)
      .field("port", info.port)
      .field("headers", info.headers)
      .field_unless_empty("auth_required", info.auth_required)
      .field_unless_empty("tls_required", info.tls_required)
      .field_unless_empty("tls_verify", info.tls_verify)
      .field_unless_empty("tls_available", info.tls_available)
      .field("max_payload", info.max_payload)
      .field_unless_empty("jetstream", info.jetstream)
      .field_unless_empty("client_id", info.client_id)
      .field_unless_empty("client_ip", info.client_ip)
      .field_unless_empty("nonce", info.nonce)
      .field_unless_empty("cluster", info.cluster)
      .field_unless_empty("domain", info.domain);
  json.field_unless_empty("connect_urls", info.connect_urls);
  json.field_unless_empty("ws_connect_urls", info.ws_connect_urls);
  json.field_unless_empty("ldm", info.lame_duck_mode)
      .field_unless_empty("connect_info", info.connect_info)
      .field_unless_empty("remote_account", info.remote_account)
      .field_unless_empty("acc_is_sys", info.account_is_system)
      .field_unless_empty("api_lvl", info.api_level)
      .field_unless_empty("xkey", info.xkey)
      .field_unless_empty("midge_version", info.midge_version)
      .end_object();
  return json.take();
}

std::string to_line(const ServerInfo& info) { return "INFO " + to_json(info) + " \r\n"; }

}  // namespace midge::proto
