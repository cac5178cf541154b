#include "server/websocket_listener.h"

#include <algorithm>
#include <utility>

#include "websocket/stream.h"

namespace midge::server {
namespace {

constexpr Duration kPatienceDefault = seconds(10);

std::shared_ptr<const websocket::Terms> terms_of(const Options& options) {
  const WebSocketOptions& block = *options.websocket;
  auto terms = std::make_shared<websocket::Terms>();
  terms->origins.same_origin = block.same_origin;
  for (const std::string& text : block.allowed_origins)
    if (auto origin = websocket::parse_allowed_origin(text))
      terms->origins.allowed.push_back(*std::move(origin));
  terms->compression = block.compression;
  terms->jwt_cookie = block.jwt_cookie;
  terms->user_cookie = block.user_cookie;
  terms->password_cookie = block.pass_cookie;
  terms->token_cookie = block.token_cookie;
  for (const auto& [name, value] : block.headers) terms->headers += name + ": " + value + "\r\n";
  constexpr std::int64_t kMessageMax = 64 << 20;
  terms->message_max = static_cast<std::size_t>(std::min(options.max_payload * 8, kMessageMax));
  terms->patience = block.handshake_timeout.ns > 0 ? block.handshake_timeout : kPatienceDefault;
  return terms;
}

std::string host_of(const WebSocketOptions& block) {
  return block.host.empty() ? "0.0.0.0" : block.host;
}

}  // namespace

WebSocketListener::WebSocketListener(io::Env& env, Log& log, std::function<void()> shut_down)
    : env_(env), log_(log), tls_(env, log, TlsService::of_web_sockets, std::move(shut_down)) {}

Result<void> WebSocketListener::listen(io::Loop& loop, Options& options) {
  WebSocketOptions& block = *options.websocket;
  block.host = host_of(block);
  const io::Address wanted{block.host, static_cast<std::uint16_t>(std::max(block.port, 0))};
  auto bound = env_.net().listen(loop, wanted, *this);
  if (!bound) {
    return failure("Unable to listen for websocket connections: " + bound.error().text(),
                   bound.error().code());
  }
  listener_ = std::move(*bound);
  block.port = listener_->address().port;
  compression_ = std::make_unique<websocket::Compression>(block.compression_memory);
  update(options);
  return {};
}

void WebSocketListener::log_listening(const WebSocketOptions& block) const {
  log_.info(std::string("Listening for websocket clients on ") + (block.tls ? "wss://" : "ws://") +
            block.host + ':' + std::to_string(block.port));
  if (!block.tls) log_.warn("Websocket not configured with TLS. DO NOT USE IN PRODUCTION!");
}

void WebSocketListener::update(const Options& options) {
  if (options.websocket) terms_.store(terms_of(options));
}

void WebSocketListener::on_accept(std::unique_ptr<io::Stream> stream) {
  auto terms = terms_.load();
  stream = tls_.wrap_web_socket(std::move(stream), terms->patience);
  broker_->accept(
      std::make_unique<websocket::Stream>(std::move(stream), std::move(terms), *compression_));
}

void WebSocketListener::on_accept_error(const Error& error) {
  log_.error("websocket: Accept error: " + error.text() + "; retrying in 1s");
}

void keep_websocket_port(const Options& now, Options& next) {
  WebSocketOptions& block = *next.websocket;
  if (block.port == kPortRandom) block.port = now.websocket->port;
  block.host = host_of(block);
}

broker::WebSocketConfig make_websocket_config(const Options& options,
                                              auth::AuthenticatorPtr authenticator) {
  broker::WebSocketConfig config;
  config.auth_timeout = options.auth.timeout;
  config.ping_interval = options.ping_interval;
  config.authenticator = std::move(authenticator);
  if (!options.websocket) return config;
  const WebSocketOptions& block = *options.websocket;
  config.auth_required =
      config.authenticator &&
      (options.auth.required() || block.overrides_logins() || config.authenticator->required());
  if (block.auth_timeout.ns > 0) config.auth_timeout = block.auth_timeout;
  if (block.ping_interval.ns > 0) config.ping_interval = block.ping_interval;
  config.host = host_of(block);
  config.port = block.port;
  config.tls = block.tls.has_value();
  if (block.tls) config.pinned_certs = block.tls->pinned_certs;
  return config;
}

}  // namespace midge::server
