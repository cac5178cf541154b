// A small HTTP server for monitoring: one listener and its connections, all on one loop.
//
//   HttpServer server(env, loop, log, handler);
//   TRY(server.listen(address));
//   … handler.on_request(exchange, request) … server.answer(exchange, response);
//
// One request at a time per connection; what comes behind it waits in the connection. Connections
// that idle, dawdle or exceed the limit are closed. Thread: the loop's; listen(), stop() and
// destruction also before the loop runs or after it ended. A handler may answer at once or later.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "base/log.h"
#include "base/result.h"
#include "io/env.h"
#include "server/monitor/http_message.h"

namespace midge::server {

class HttpConnection;
class TlsService;

// Names the connection whose request waits for its answer; never used twice.
using ExchangeId = std::uint64_t;

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  virtual void on_request(ExchangeId exchange, const HttpRequest& request) = 0;
};

class HttpServer final : public io::ListenerEvents {
 public:
  // More are accepted and closed at once.
  static constexpr std::size_t kConnectionsMax = 1024;

  HttpServer(io::Env& env, io::Loop& loop, Log& log, HttpHandler& handler);
  ~HttpServer() override;

  // Connections speak TLS; before listen().
  void use_tls(TlsService& tls) { tls_ = &tls; }
  Result<void> listen(const io::Address& address);
  [[nodiscard]] io::Address address() const;
  // No effect if the connection is gone.
  void answer(ExchangeId exchange, const HttpResponse& response);
  // Closes the listener and all connections.
  void stop();

  void on_accept(std::unique_ptr<io::Stream> stream) override;
  void on_accept_error(const Error& error) override;

 private:
  friend class HttpConnection;
  void request_arrived(HttpConnection& connection, const HttpRequest& request);
  void close(HttpConnection& connection);  // destroys it

  io::Env& env_;
  io::Loop& loop_;
  Log& log_;
  HttpHandler& handler_;
  TlsService* tls_ = nullptr;
  std::unique_ptr<io::Listener> listener_;
  std::map<ExchangeId, std::unique_ptr<HttpConnection>> connections_;
  ExchangeId next_exchange_ = 1;
};

}  // namespace midge::server
