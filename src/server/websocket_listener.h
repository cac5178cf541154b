// The listener for clients that come over web sockets: accepts, wraps, hands to the broker. It
// outlives the connections, which share what compression takes.
//
// Thread: listen() at start; the rest on the first loop, but for update(), which is for any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>

#include "base/log.h"
#include "base/result.h"
#include "broker/broker.h"
#include "broker/config.h"
#include "io/env.h"
#include "server/options/options.h"
#include "server/tls_service.h"
#include "websocket/compression.h"
#include "websocket/upgrade.h"

namespace midge::server {

class WebSocketListener final : private io::ListenerEvents {
 public:
  WebSocketListener(io::Env& env, Log& log, std::function<void()> shut_down);

  // Binds at once; accepts once the loops run. Sets the port in `options` to the one that was
  // chosen.
  Result<void> listen(io::Loop& loop, Options& options);
  void log_listening(const WebSocketOptions& block) const;
  // Where connections go; before the loops run.
  void serve(broker::Broker& broker) { broker_ = &broker; }
  // After a reload: for those who come from now on.
  void update(const Options& options);
  void stop() { listener_.reset(); }

  TlsService& tls() { return tls_; }

 private:
  void on_accept(std::unique_ptr<io::Stream> stream) override;
  void on_accept_error(const Error& error) override;

  io::Env& env_;
  Log& log_;
  TlsService tls_;
  std::unique_ptr<websocket::Compression> compression_;
  broker::Broker* broker_ = nullptr;
  std::atomic<std::shared_ptr<const websocket::Terms>> terms_;
  std::unique_ptr<io::Listener> listener_;
};

// The listener stays where it is, whatever port a reload would choose, and names it.
void keep_websocket_port(const Options& now, Options& next);

// What the broker must know of it. `authenticator` decides about their logins.
[[nodiscard]] broker::WebSocketConfig make_websocket_config(const Options& options,
                                                            auth::AuthenticatorPtr authenticator);

}  // namespace midge::server
