// A small HTTP server for monitoring: one listener and its connections, all on one loop.
//
//   HttpServer server(env, loop, log, handler);
//   TRY(server.listen(address));
//   … handler.on_request(exchange, request) … server.answer(exchange, response);
//
// One request at a time per connection; what comes behind it waits in the connection. Connections
// that idle or dawdle are closed, the latter with 408. Where there are too many, one that asks for
// nothing gives way to the newest; where too much is not read, requests are answered 503. Thread:
// the loop's; listen(), stop() and destruction also before the loop runs or after it ended. A
// handler may answer at once or later.
#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
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
  static constexpr std::size_t kConnectionsMax = 1024;
  // Bytes of answers that nobody has taken yet.
  static constexpr std::size_t kUnreadMax = std::size_t{128} << 20;

  HttpServer(io::Env& env, io::Loop& loop, Log& log, HttpHandler& handler);
  ~HttpServer() override;

  // Connections speak TLS; before listen().
  void use_tls(TlsService& tls) { tls_ = &tls; }
  Result<void> listen(const io::Address& address);
  [[nodiscard]] io::Address address() const;
  // No effect if the connection is gone.
  void answer(ExchangeId exchange, HttpResponse response);
  // The answer will take so long; without that, a request waits for HttpConnection::kStepMax.
  void wait_for_answer(ExchangeId exchange, Duration time);
  // Closes the listener and all connections.
  void stop();

  void on_accept(std::unique_ptr<io::Stream> stream) override;
  void on_accept_error(const Error& error) override;

 private:
  friend class HttpConnection;
  void request_arrived(HttpConnection& connection, const HttpRequest& request);
  void close(HttpConnection& connection);  // destroys it
  // One that waits for a request is closed, who never made one first; false: there is none.
  bool make_room();

  io::Env& env_;
  io::Loop& loop_;
  Log& log_;
  HttpHandler& handler_;
  TlsService* tls_ = nullptr;
  std::unique_ptr<io::Listener> listener_;
  std::map<ExchangeId, std::unique_ptr<HttpConnection>> connections_;
  ExchangeId next_exchange_ = 1;
  std::size_t unread_ = 0;
};

}  // namespace midge::server
