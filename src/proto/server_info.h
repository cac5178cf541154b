// INFO: what the server tells a client of itself.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace midge::proto {

struct ServerInfo {
  std::string server_id, server_name, version, go, git_commit, midge_version;
  int proto = 1;
  std::string host;
  int port = 0;
  bool headers = true;
  bool auth_required = false;
  bool tls_required = false, tls_verify = false, tls_available = false;
  std::int64_t max_payload = 0;
  bool jetstream = false;
  std::string domain;
  std::uint64_t client_id = 0;
  std::string client_ip, nonce, xkey, cluster;
  std::vector<std::string> connect_urls, ws_connect_urls;
  bool lame_duck_mode = false;
  bool connect_info = false;  // with remote_account and acc_is_sys: after the first PING
  std::string remote_account;
  bool account_is_system = false;
  int api_level = 0;
};

// The JSON object, fields in the peer's order, empty ones omitted as the peer omits them.
std::string to_json(const ServerInfo& info);
// `INFO {...} \r\n` as the peer sends it.
std::string to_line(const ServerInfo& info);

}  // namespace midge::proto
