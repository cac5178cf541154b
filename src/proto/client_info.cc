#include "proto/client_info.h"

#include <string_view>

#include "codec/json_fields.h"

namespace midge::proto {

bool is_client_info(std::string_view json) {
  using codec::JsonType;
  codec::JsonFields fields;
  const auto expect = [&](JsonType type, std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) fields.checked(name, type);
  };
  expect(JsonType::kString,
         {"server_id", "server_name", "version", "git_commit", "go", "host", "ip", "client_ip",
          "nonce", "cluster", "domain", "compression", "remote_account", "route_account",
          "route_acc_add_reqid", "gateway", "gateway_url", "xkey"});
  expect(JsonType::kBool,
         {"headers", "auth_required", "tls_required", "tls_verify", "tls_available", "jetstream",
          "cluster_dynamic", "ldm", "connect_info", "acc_is_sys", "lnoc", "lnocu",
          "info_on_connect", "gateway_nrp", "gateway_iom"});
  expect(JsonType::kInt, {"proto", "port", "api_lvl", "route_pool_size", "route_pool_idx"});
  expect(JsonType::kInt32, {"max_payload"});
  expect(JsonType::kUint64, {"client_id"});
  expect(JsonType::kUint8, {"gossip_mode", "gateway_cmd"});
  expect(JsonType::kStrings, {"connect_urls", "ws_connect_urls", "gateway_urls", "leafnode_urls"});
  expect(JsonType::kObject, {"import", "export"});
  return fields.read(json).has_value();
}

}  // namespace midge::proto
