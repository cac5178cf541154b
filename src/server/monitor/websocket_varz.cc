#include "server/monitor/websocket_varz.h"

#include "server/monitor/field_table.h"

namespace midge::server {
namespace {

struct WebSocketVarz {
  const WebSocketOptions& block;
  WallTime not_after;
};
using W = const WebSocketVarz&;

template <auto Get>
constexpr Field<WebSocketVarz> row(std::string_view name) {
  return unless_empty<WebSocketVarz, Get>(name);
}

constexpr Field<WebSocketVarz> kFields[] = {
    row<[](W w) { return std::string_view(w.block.host); }>("host"),
    row<[](W w) { return w.block.port; }>("port"),
    row<[](W w) { return std::string_view(w.block.advertise); }>("advertise"),
    row<[](W w) { return std::string_view(w.block.no_auth_user); }>("no_auth_user"),
    row<[](W w) { return std::string_view(w.block.jwt_cookie); }>("jwt_cookie"),
    row<[](W w) { return w.block.handshake_timeout.ns; }>("handshake_timeout"),
    row<[](W w) { return w.block.auth_timeout.seconds(); }>("auth_timeout"),
    row<[](W w) { return w.block.no_tls; }>("no_tls"),
    row<[](W w) { return w.block.tls && w.block.tls->verify_and_map; }>("tls_map"),
    row<[](W w) { return w.block.tls ? w.block.tls->pinned_certs : std::vector<std::string>(); }>(
        "tls_pinned_certs"),
    row<[](W w) { return w.block.same_origin; }>("same_origin"),
    row<[](W w) { return w.block.allowed_origins; }>("allowed_origins"),
    row<[](W w) { return w.block.compression; }>("compression"),
    row<[](W w) { return w.block.tls && w.block.tls->ocsp_peer.verify; }>("tls_ocsp_peer_verify"),
    nested_if<WebSocketVarz, [](W w) { return w.not_after.ns != 0; },
              [](codec::JsonWriter& json, W w) { json.value(w.not_after); }>("tls_cert_not_after"),
};

}  // namespace

void write_websocket_varz(codec::JsonWriter& json, const Options& options, WallTime not_after) {
  static const WebSocketOptions none;
  const WebSocketOptions& block = options.websocket ? *options.websocket : none;
  write_object<WebSocketVarz>(json, kFields, {block, not_after});
}

}  // namespace midge::server
