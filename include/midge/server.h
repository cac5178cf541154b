// midge-server inside a program.
//
//   auto server = midge::Server::run({.config_text = "jetstream {}", .port = -1}).value();
//   auto client = midge::Client::connect({.in_process = server.in_process()}).value();
//
// A server has threads, listeners and files of its own; it takes no signal and writes to no
// terminal, and raises the program's limit of open files as far as the system lets it. Several may
// live in one program. Link midge::server (libmidge-server); a program needs
// libmidge-client only if it has clients, too.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "midge/deadline.h"
#include "midge/log.h"
#include "midge/result.h"

#pragma GCC visibility push(default)

namespace midge {

class InProcess;

// What a server is to be: a configuration as midge-server reads it, and over it what programs set
// most. With nothing set it listens as midge-server does, on port 4222 of all addresses.
struct ServerOptions {
  std::string config_file;  // "" = none
  std::string config_text;  // in place of the file, in the same language
  // As on midge-server's command line, over the configuration: `{"--max_payload", "65536"}`.
  std::vector<std::string> flags;

  std::string name;        // "" = as configured, else the server's id
  std::string host;        // "" = as configured, else all addresses
  int port = 0;            // 0 = as configured, else 4222; -1 = any that is free
  bool listen = true;      // false: no port for clients, who come by in_process()
  bool jetstream = false;  // true: also where the configuration says nothing of it
  std::string store_dir;   // for JetStream; "" = as configured

  // Each line of the log, on a thread for that, one after the other. Must not throw, nor call the
  // server. Null: lines go where the configuration says (`log_file`, `syslog`), else nowhere.
  std::function<void(LogLevel, std::string_view)> on_log;
};

// Move-only; destruction shuts down and waits. Thread: any, at the same time, for everything but
// moving and destruction. Calls of one that was moved from, or made by `Server()`, fail with
// kClosed.
class Server {
 public:
  Server();
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  // Reads the configuration and stored streams, and binds ports: clients connect from then on, and
  // wait for start(). Errors: kInvalid (the configuration: where, and what is wrong), kInUse (a
  // port), kPermission, kIo; the text is what midge-server prints.
  static Result<Server> make(ServerOptions options);
  // make(), start() and ready() in one. Errors: theirs.
  static Result<Server> run(ServerOptions options, Deadline deadline = kDefaultTimeout);

  // Begins to serve. Idempotent. Errors: kClosed (it was shut down).
  Result<void> start() const;
  // Returns once all of it serves. Errors: kTimeout, kCancelled, kClosed.
  Result<void> ready(Deadline deadline = kDefaultTimeout) const;

  // For Options::in_process of clients in this program. It may outlive the server: connecting fails
  // then.
  [[nodiscard]] std::shared_ptr<InProcess> in_process() const;
  // Where it is reached from this machine: `nats://127.0.0.1:4222`; "" = it does not listen.
  [[nodiscard]] std::string client_url() const;
  [[nodiscard]] std::string web_socket_url() const;  // `ws://…`, `wss://…`
  [[nodiscard]] std::string monitor_url() const;     // `http://…`, `https://…`
  [[nodiscard]] int port() const;                    // of clients; 0 = it does not listen
  // The `N…` public key made at start.
  [[nodiscard]] std::string id() const;

  // Takes over the same configuration as it is now, or another, as far as that may change while it
  // runs; log and `listen` stay. Returns once every connection is served by it. Errors: kInvalid
  // (then nothing has changed), kIo (all but the log's file), kTimeout and kCancelled (it changes
  // nevertheless), kClosed.
  Result<void> reload(Deadline deadline = kDefaultTimeout) const;
  Result<void> reload(ServerOptions options, Deadline deadline = kDefaultTimeout) const;

  // No new clients; those that are there are asked to go, then closed little by little; then it
  // shuts down. Returns at once: wait() tells when that is over.
  void enter_lame_duck_mode() const;
  // Closes all clients, makes what is stored durable, and stops. Idempotent. Errors: kTimeout,
  // kCancelled (it stops nevertheless).
  Result<void> shut_down(Deadline deadline = kDefaultTimeout) const;
  // Returns once it has stopped. Errors: kTimeout, kCancelled.
  Result<void> wait(Deadline deadline) const;

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace midge

#pragma GCC visibility pop
