#include "server/monitor/http_server.h"

#include <string>
#include <utility>

#include "server/monitor/http_connection.h"
#include "server/tls_service.h"

namespace midge::server {

namespace {

HttpResponse too_much() { return HttpResponse::text("too many answers have not been read", 503); }

}  // namespace

HttpServer::HttpServer(io::Env& env, io::Loop& loop, Log& log, HttpHandler& handler)
    : env_(env), loop_(loop), log_(log), handler_(handler) {}

HttpServer::~HttpServer() = default;

Result<void> HttpServer::listen(const io::Address& address) {
  ASSIGN_OR_RETURN(listener_, env_.net().listen(loop_, address, *this));
  return {};
}

io::Address HttpServer::address() const {
  return listener_ == nullptr ? io::Address{} : listener_->address();
}

void HttpServer::on_accept(std::unique_ptr<io::Stream> stream) {
  if (connections_.size() >= kConnectionsMax && !make_room()) {
    log_.debug("monitoring: too many connections, the newest is closed");
    return;
  }
  if (tls_ != nullptr) stream = tls_->wrap_monitoring(std::move(stream));
  const ExchangeId id = next_exchange_++;
  auto connection = std::make_unique<HttpConnection>(*this, loop_, std::move(stream), id);
  HttpConnection& started = *connection;
  connections_.emplace(id, std::move(connection));
  started.start();
}

void HttpServer::on_accept_error(const Error& error) {
  log_.error("Error accepting a monitoring connection: " + error.text());
}

void HttpServer::request_arrived(HttpConnection& connection, const HttpRequest& request) {
  if (unread_ >= kUnreadMax) return connection.answer(too_much(), env_.clock().wall());
  handler_.on_request(connection.id(), request);
}

bool HttpServer::make_room() {
  for (const bool any : {false, true})
    for (const auto& [id, connection] : connections_) {
      if (!connection->is_waiting() || (!any && connection->has_asked())) continue;
      connection->give_way();
      return true;
    }
  return false;
}

void HttpServer::answer(ExchangeId exchange, HttpResponse response) {
  const auto found = connections_.find(exchange);
  if (found == connections_.end()) return;
  // What was asked for at the same time comes at the same time.
  const bool fits = unread_ + response.body_size() <= kUnreadMax;
  found->second->answer(fits ? std::move(response) : too_much(), env_.clock().wall());
}

void HttpServer::wait_for_answer(ExchangeId exchange, Duration time) {
  const auto found = connections_.find(exchange);
  if (found != connections_.end()) found->second->wait_for_answer(time);
}

void HttpServer::close(HttpConnection& connection) { connections_.erase(connection.id()); }

void HttpServer::stop() {
  listener_.reset();
  connections_.clear();
}

}  // namespace midge::server
