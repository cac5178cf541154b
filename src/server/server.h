// midge::server: a NATS server as a library. midge-server's main is one user of it; programs embed
// it the same way.
//
//   auto server = midge::server::Server::run({.port = -1});   // starts, on threads of its own
//   auto pipe = (*server)->connect_in_process();              // speaks the NATS protocol
//   (*server)->shut_down();
//
// Thread: any, for everything here. Destruction shuts down.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "io/env.h"
#include "io/pipe.h"
#include "server/options/options.h"
#include "server/ports_file.h"

namespace midge::server {

class Server {
 public:
  // Makes a server in `env`, which has made no loops yet: it listens, but does nothing before go().
  // `log` and `env` outlive it. Errors: an option that cannot be met, or an address that cannot be
  // listened on; the text is fit for a person.
  static Result<std::unique_ptr<Server>> create(io::Env& env, Log& log, Options options);
  // A server with an environment and a log of its own, running.
  static Result<std::unique_ptr<Server>> run(Options options);

  // Signals of the process become events on this server's first loop. Before go().
  void watch_signals(io::SignalEvents& events);
  // Called on a loop once all of them serve. Before go().
  void on_ready(std::function<void()> tell);
  // Starts to serve; the log says when all do.
  void go();

  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // An in-process connection: bytes of the NATS protocol through a pair of in-memory pipes.
  std::unique_ptr<io::PipeClient> connect_in_process();
  // The same for a client with a loop: its end, not yet attached.
  std::unique_ptr<io::Stream> open_in_process();

  // Where clients connect, with the port that was chosen; 0 if the server does not listen.
  [[nodiscard]] int port() const;
  [[nodiscard]] int monitor_port() const;
  // Where listeners are reached; an empty list: there is none.
  [[nodiscard]] ListenerUrls urls() const;
  // The `N…` public key made at start.
  [[nodiscard]] const std::string& id() const;

  // Closes all clients and stops. Idempotent.
  void shut_down();
  // SIGUSR2: no new clients; existing ones are told, then closed little by little; then it stops.
  void enter_lame_duck_mode();
  // Takes over a changed configuration as far as this server can change while it runs; the error
  // says what it cannot, and then nothing was changed. `on_applied` is called once all loops have
  // it and all sessions were asked anew, on whatever thread came to its end last.
  Result<void> reload(Options options, std::function<void()> on_applied = {});
  // What a request for a reload in the system account calls, on the first loop. Before go().
  void on_reload_request(std::function<Result<void>()> reload);
  // Blocks until the server has stopped.
  void wait();

 private:
  struct Parts;
  explicit Server(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace midge::server
