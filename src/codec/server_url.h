// Where a client is to connect: `nats://user:password@host:port`, as official clients read it.
//
// Without a scheme it is the one the caller says, without a port the scheme's. Names and passwords
// are percent-encoded; a name alone is a token. IPv6 addresses stand in brackets. Error texts and
// text() hold nothing of names and passwords. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace midge::codec {

enum class ServerScheme : std::uint8_t { kNats, kTls, kWebSocket, kSecureWebSocket, kHttp, kHttps };

struct ServerUrl {
  ServerScheme scheme = ServerScheme::kNats;
  std::string
      host;  // a name, or an IP address without brackets, perhaps with a zone: `fe80::1%eth0`
  std::uint16_t port = 0;
  std::string path;  // of a web socket, with the slash in front; "" = none
  std::optional<std::string> user;
  std::optional<std::string> password;

  [[nodiscard]] bool is_secure() const {
    return scheme == ServerScheme::kTls || scheme == ServerScheme::kSecureWebSocket ||
           scheme == ServerScheme::kHttps;
  }
  [[nodiscard]] bool is_web_socket() const {
    return scheme == ServerScheme::kWebSocket || scheme == ServerScheme::kSecureWebSocket;
  }
  // `host:port`, IPv6 addresses in brackets and their zones encoded.
  [[nodiscard]] std::string host_and_port() const;
  // The URL without name and password.
  [[nodiscard]] std::string text() const;

  bool operator==(const ServerUrl&) const = default;
};

// Of a server; a scheme of HTTP is none.
Result<ServerUrl> parse_server_url(std::string_view text,
                                   ServerScheme scheme = ServerScheme::kNats);

// Of a proxy of HTTP on the way there: `http://user:password@host:port`, or https.
Result<ServerUrl> parse_proxy_url(std::string_view text);

// URLs with commas between; blanks and empty items mean nothing, but there must be one. Web sockets
// do not stand beside others.
Result<std::vector<ServerUrl>> parse_server_urls(std::string_view list);

}  // namespace midge::codec
