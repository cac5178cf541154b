// What is different for a client that comes over a web socket: who decides, what it is told.
#include "broker/client.h"
#include "broker/worker.h"

namespace midge::broker {

auth::ConnectionTypes Client::connection_type() const {
  if (is_web_socket()) return auth::kWebsocket;
  return stream_ && stream_->in_process() ? auth::kInProcess : auth::kStandard;
}

const auth::AuthenticatorPtr& Client::authenticator() const {
  const BrokerConfig& config = worker_.config();
  return is_web_socket() ? config.web_socket.authenticator : config.authenticator;
}

bool Client::must_log_in() const {
  if (is_web_socket()) return worker_.config().web_socket.auth_required;
  return authenticator() && authenticator()->required();
}

Duration Client::auth_timeout() const {
  const BrokerConfig& config = worker_.config();
  return is_web_socket() ? config.web_socket.auth_timeout : config.auth_timeout;
}

Duration Client::ping_interval() const {
  const BrokerConfig& config = worker_.config();
  return is_web_socket() ? config.web_socket.ping_interval : config.ping_interval;
}

void Client::read_cookies() {
  const io::WebSocketVisitor* visitor = web_socket_->visitor();
  if (visitor == nullptr) return;
  const auto fill = [](std::string& into, const std::string& cookie) {
    if (into.empty()) into = cookie;
  };
  fill(options_.jwt, visitor->jwt);
  fill(options_.user, visitor->user);
  fill(options_.pass, visitor->password);
  fill(options_.auth_token, visitor->token);
}

void Client::tell_web_socket(proto::ServerInfo& info) const {
  const WebSocketConfig& config = worker_.config().web_socket;
  info.host = config.host;
  info.port = config.port;
  info.auth_required = config.auth_required;
  info.tls_required = info.tls_available = config.tls;
  info.connect_urls.clear();
}

void Client::log_frame_fault() const {
  if (const std::string_view fault = web_socket_->fault(); !fault.empty())
    log_wrong("read error: " + std::string(fault));
}

}  // namespace midge::broker
