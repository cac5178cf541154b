#include "server/options/websocket_block.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "codec/conf/duration.h"
#include "server/options/check_logins.h"
#include "server/options/fields.h"
#include "server/options/quoted.h"
#include "server/options/readers.h"
#include "server/options/seconds.h"
#include "server/options/tls_block.h"
#include "websocket/origin.h"

namespace midge::server {
namespace {

using conf::Kind;
using conf::Member;

template <auto Field>
void read_text(const Member& member, WebSocketOptions& block, Findings& findings) {
  if (auto text = text_of(member, findings)) block.*Field = std::move(*text);
}

template <auto Field>
void read_switch(const Member& member, WebSocketOptions& block, Findings& findings) {
  if (const auto value = boolean_of(member, findings)) block.*Field = *value;
}

void read_listen(const Member& member, WebSocketOptions& block, Findings& findings) {
  read_address(member, block.host, block.port, findings);
}

void read_port(const Member& member, WebSocketOptions& block, Findings& findings) {
  if (const auto port = integer_of(member, findings))
    block.port = static_cast<int>(std::clamp<std::int64_t>(*port, -2, 65536));
}

void read_tls_block(const Member& member, WebSocketOptions& block, Findings& findings) {
  if (auto config = read_tls_config(member, findings)) block.tls = std::move(*config);
}

// One, or several.
void read_origins(const Member& member, WebSocketOptions& block, Findings& findings) {
  const auto wrong = [&](const conf::Value& value, const conf::Position& place, const char* where) {
    std::string text = "error parsing allowed origins: unsupported type ";
    findings.error(place, text.append(where).append(value.type_name()));
  };
  const conf::Value& value = member.value;
  block.allowed_origins.clear();
  if (value.kind == Kind::kString) return block.allowed_origins.push_back(value.text);
  if (value.kind != Kind::kArray) return wrong(value, member.position, "");
  for (const conf::Value& item : value.items) {
    if (item.kind == Kind::kString)
      block.allowed_origins.push_back(item.text);
    else
      wrong(item, item.position, "in array ");
  }
}

// A duration, or a number of seconds.
void read_patience(const Member& member, WebSocketOptions& block, Findings& findings) {
  if (member.value.kind == Kind::kInteger) {
    block.handshake_timeout = seconds(member.value.integer);
  } else if (member.value.kind == Kind::kString) {
    const auto parsed = conf::parse_duration(member.value.text);
    if (!parsed) return findings.error(member.position, parsed.error().text());
    block.handshake_timeout = *parsed;
  } else {
    findings.error(member.position, "error parsing handshake timeout: unsupported type " +
                                        std::string(member.value.type_name()));
  }
}

void read_ping_interval(const Member& member, WebSocketOptions& block, Findings& findings) {
  if (member.value.kind == Kind::kInteger) {
    findings.warning(member.position,
                     "invalid use of field \"ping_interval\": ping_interval should be converted "
                     "to a duration");
    block.ping_interval = seconds(member.value.integer);
    return;
  }
  const auto text = text_of(member, findings);
  if (!text) return;
  if (const auto parsed = conf::parse_duration(*text))
    block.ping_interval = *parsed;
  else
    findings.error(member.position, "error parsing ping_interval: " + parsed.error().text());
}

void read_headers(const Member& member, WebSocketOptions& block, Findings& findings) {
  if (member.value.kind != Kind::kMap)
    return findings.error(member.position, "error parsing headers: unsupported type " +
                                               std::string(member.value.type_name()));
  block.headers.clear();
  for (const Member& header : member.value.members) {
    if (header.value.kind == Kind::kString)
      block.headers[header.key] = header.value.text;
    else
      findings.error(header.position, "error parsing header key " + header.key +
                                          ": unsupported type " +
                                          std::string(header.value.type_name()));
  }
}

void read_memory(const Member& member, WebSocketOptions& block, Findings& findings) {
  const auto bytes = integer_of(member, findings);
  if (!bytes) return;
  constexpr std::int64_t kMin = 1 << 20;
  if (*bytes < kMin)
    findings.error(member.position, "compression_memory must be at least 1MB");
  else
    block.compression_memory = *bytes;
}

void read_timeout(const Member& member, WebSocketOptions& block, Findings& findings) {
  if (const auto timeout = seconds_of(member, "websocket", findings)) block.auth_timeout = *timeout;
}

constexpr BlockKey<WebSocketOptions> kLoginKeys[] = {
    {"user username", read_text<&WebSocketOptions::user>},
    {"pass password", read_text<&WebSocketOptions::password>},
    {"token", read_text<&WebSocketOptions::token>},
    {"timeout", read_timeout},
};

void read_logins(const Member& member, WebSocketOptions& block, Findings& findings) {
  if (is_map(member, findings)) read_block(member.value, kLoginKeys, block, findings);
}

constexpr BlockKey<WebSocketOptions> kKeys[] = {
    {"listen", read_listen},
    {"port", read_port},
    {"host net", read_text<&WebSocketOptions::host>},
    {"advertise", read_text<&WebSocketOptions::advertise>},
    {"no_tls", read_switch<&WebSocketOptions::no_tls>},
    {"tls", read_tls_block},
    {"same_origin", read_switch<&WebSocketOptions::same_origin>},
    {"allowed_origins allowed_origin allow_origins allow_origin origins origin", read_origins},
    {"handshake_timeout", read_patience},
    {"compress compression", read_switch<&WebSocketOptions::compression>},
    {"authorization authentication", read_logins},
    {"jwt_cookie", read_text<&WebSocketOptions::jwt_cookie>},
    {"user_cookie", read_text<&WebSocketOptions::user_cookie>},
    {"pass_cookie", read_text<&WebSocketOptions::pass_cookie>},
    {"token_cookie", read_text<&WebSocketOptions::token_cookie>},
    {"no_auth_user", read_text<&WebSocketOptions::no_auth_user>},
    {"headers", read_headers},
    {"ping_interval", read_ping_interval},
    {"compression_memory", read_memory},
};

Result<void> check_headers(const WebSocketOptions& block) {
  for (const auto& [name, value] : block.headers) {
    const std::string lower = lower_case(name);
    for (const char* taken :
         {"host", "content-length", "connection", "upgrade", "nats-no-masking"}) {
      if (lower == taken)
        return failure("websocket: invalid header " + quoted(name) + " not allowed");
    }
    if (lower.starts_with("sec-websocket-"))
      return failure("websocket: invalid header " + quoted(name) +
                     ", \"Sec-WebSocket-\" prefix not allowed");
    // It would end the answer's head, or begin another line of it.
    if ((name + value).find_first_of("\r\n") != std::string::npos)
      return failure("websocket: invalid header " + quoted(name) + ": line ends are not allowed");
  }
  return {};
}

Result<void> check_its_logins(const Options& options) {
  const WebSocketOptions& block = *options.websocket;
  TRY(check_no_auth_user(options.auth, block.no_auth_user));
  if (!options.auth.users.empty() && !options.auth.single_user) {
    const char* text = " not compatible with presence of users/nkeys";
    if (!block.user.empty())
      return failure(std::string("websocket authentication username").append(text));
    if (!block.token.empty())
      return failure(std::string("websocket authentication token").append(text));
  }
  const bool has_operators =
      !options.auth.operator_jwts.empty() || !options.auth.trusted_keys.empty();
  if (!block.jwt_cookie.empty() && !has_operators)
    return failure(
        "trusted operators or trusted keys configuration is required for JWT authentication via "
        "cookie " +
        quoted(block.jwt_cookie));
  return {};
}

// What may change, made equal.
WebSocketOptions fixed_part(const Options& options) {
  WebSocketOptions block = options.websocket.value_or(WebSocketOptions{});
  std::ranges::sort(block.allowed_origins);
  if (block.tls) {
    tls::TlsConfig kept;
    kept.verify_and_map = block.tls->verify_and_map;
    kept.pinned_certs = block.tls->pinned_certs;
    block.tls = kept;
  }
  return block;
}

// No secret is shown.
std::string shown(const WebSocketOptions& block) {
  return '{' + block.host + ' ' + std::to_string(block.port) + " …}";
}

}  // namespace

void read_websocket(const Member& member, Options& options, Findings& findings) {
  if (member.value.kind != Kind::kMap)
    return findings.error(member.position, "Expected websocket to be a map, got " +
                                               std::string(member.value.type_name()));
  WebSocketOptions block = options.websocket.value_or(WebSocketOptions{});
  read_block(member.value, kKeys, block, findings);
  options.websocket = std::move(block);
}

Result<void> check_websocket(const Options& options) {
  if (!options.websocket || options.websocket->port == 0) return {};
  const WebSocketOptions& block = *options.websocket;
  if (!block.tls && !block.no_tls) return failure("websocket requires TLS configuration");
  for (const std::string& origin : block.allowed_origins)
    TRY(websocket::parse_allowed_origin(origin));
  TRY(check_its_logins(options));
  return check_headers(block);
}

Result<void> check_websocket_reload(const Options& now, const Options& next) {
  WebSocketOptions was = fixed_part(now), is = fixed_part(next);
  if (was == is) return {};
  return failure("config reload not supported for Websocket: old=" + shown(was) +
                 ", new=" + shown(is));
}

}  // namespace midge::server
