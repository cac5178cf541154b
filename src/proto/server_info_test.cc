// Goal: INFO has the peer's bytes, with Midge's own version behind them.
// Method: the peer's INFO lines, and the structures that must become them.
#include "proto/server_info.h"

#include <doctest/doctest.h>

namespace midge::proto {

TEST_CASE("a plain server's INFO") {
  ServerInfo info;
  info.server_id = "NCFLOCPG";
  info.server_name = "S";
  info.version = "2.15.2";
  info.go = "go1.26.8";
  info.host = "127.0.0.1";
  info.port = 33701;
  info.max_payload = 5000;
  info.client_id = 6;
  info.client_ip = "127.0.0.1";
  info.api_level = 5;
  info.xkey = "XDQG45";
  CHECK(to_line(info) ==
        "INFO {\"server_id\":\"NCFLOCPG\",\"server_name\":\"S\",\"version\":\"2.15.2\",\"proto\":1,"
        "\"go\":\"go1.26.8\",\"host\":\"127.0.0.1\",\"port\":33701,\"headers\":true,"
        "\"max_payload\":5000,\"client_id\":6,\"client_ip\":\"127.0.0.1\",\"api_lvl\":5,"
        "\"xkey\":\"XDQG45\"} \r\n");
}

TEST_CASE("every field, in the peer's order") {
  const ServerInfo info{.server_id = "N",
                        .server_name = "S",
                        .version = "2.15.2",
                        .go = "g",
                        .git_commit = "c",
                        .midge_version = "0.1.0",
                        .proto = 1,
                        .host = "h",
                        .port = 4222,
                        .headers = false,
                        .auth_required = true,
                        .tls_required = true,
                        .tls_verify = true,
                        .tls_available = true,
                        .max_payload = 1,
                        .jetstream = true,
                        .domain = "D",
                        .client_id = 7,
                        .client_ip = "::1",
                        .nonce = "n",
                        .xkey = "X",
                        .cluster = "C",
                        .connect_urls = {"a:1", "b:2"},
                        .ws_connect_urls = {"c:3"},
                        .lame_duck_mode = true,
                        .connect_info = true,
                        .remote_account = "$G",
                        .account_is_system = true,
                        .api_level = 5};
  CHECK(
      to_json(info) ==
      "{\"server_id\":\"N\",\"server_name\":\"S\",\"version\":\"2.15.2\",\"proto\":1,"
      "\"git_commit\":\"c\",\"go\":\"g\",\"host\":\"h\",\"port\":4222,\"headers\":false,"
      "\"auth_required\":true,\"tls_required\":true,\"tls_verify\":true,\"tls_available\":true,"
      "\"max_payload\":1,\"jetstream\":true,\"client_id\":7,\"client_ip\":\"::1\",\"nonce\":\"n\","
      "\"cluster\":\"C\",\"domain\":\"D\",\"connect_urls\":[\"a:1\",\"b:2\"],"
      "\"ws_connect_urls\":[\"c:3\"],\"ldm\":true,\"connect_info\":true,"
      "\"remote_account\":\"$G\",\"acc_is_sys\":true,\"api_lvl\":5,\"xkey\":\"X\","
      "\"midge_version\":\"0.1.0\"}");
}

}  // namespace midge::proto
