// How a client connects, and what it is told of its connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "midge/message.h"
#include "midge/result.h"

#pragma GCC visibility push(default)

namespace midge {

class InProcess;
class Runtime;

// What happens to a connection.
enum class EventKind : unsigned char {
  kConnected,
  kDisconnected,  // text: why
  kReconnected,
  kDiscovered,     // the cluster has told of servers that were not known
  kLameDuck,       // the server asks its clients to go elsewhere
  kSlowConsumer,   // messages of a subscription are dropped; text: its subject
  kError,          // the server has complained; text: as it says it
  kClosed,         // for good; text: why, "" = because the user wanted it
  kAttemptFailed,  // to connect to `server`; text: why
};

// Something that happened to a connection.
struct Event {
  EventKind kind;
  std::string text;
  std::string server;   // the URL of the one that it is about; "" = none
  std::string subject;  // that a refused subscription or publish had, or a slow one has
};

// How a connection is encrypted. Files are PEM.
struct TlsOptions {
  bool required =
      false;            // else only where the server asks for it, or the URL says tls:// or wss://
  bool first = false;   // before the server has said anything (handshake_first); wss:// always is
  std::string ca_file;  // "" = the system's authorities
  std::string cert_file;  // the client's own
  std::string key_file;
  std::string ca, cert, key;  // the same as PEM texts, which go before the files
  std::string server_name;    // "" = the host of the URL
  bool insecure = false;      // takes any certificate
  std::string min_version;    // `1.2`, `1.3`; "" = 1.2
  // What may be agreed on, by the names of IANA: TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
  // CurveP256, … none = what OpenSSL holds for good.
  std::vector<std::string> ciphers, curves;
};

// For servers that are reached by `ws://` and `wss://`.
struct WebSocketOptions {
  bool compression = false;  // if the server does so, too
  Headers headers;           // that the opening request has in addition
  // The same, asked for before each attempt; on a thread of its own, and may take its time.
  std::function<Result<Headers>()> fetch_headers;
};

// One of these, or what a server's URL says.
struct Login {
  std::string user, password;
  std::string token;
  std::string nkey_seed;         // `SU…`
  std::string credentials_file;  // as nsc writes it: a JWT and a seed
  std::string credentials;       // the same as a text, which goes before the file
  std::string jwt;               // with a seed or `sign`
  // For keys that the program does not hold. `public_key` goes with `sign`, unless a JWT does.
  std::string public_key;
  std::function<Result<std::string>(std::string_view nonce)> sign;  // 64 bytes
  std::function<Result<std::string>()> fetch_jwt;                   // before each login
  // Before each login, instead of all the above: for passwords and tokens that change. Called on a
  // thread of its own, and may take its time, as fetch_jwt.
  std::function<Result<Login>()> fetch;
};

// How a client connects. With nothing set: to a server on this machine.
struct Options {
  // URLs, tried in random order: `nats://host:4222`, `tls://user:password@host`, `host`; or
  // `ws://host:8080/path`, `wss://host`, which do not stand beside the others.
  std::vector<std::string> servers = {"nats://127.0.0.1:4222"};
  std::string name;
  Login login;
  TlsOptions tls;
  WebSocketOptions web_socket;
  // On the way to all servers: `http://user:password@host:port`, or https, whose certificate
  // `tls.ca_file` vouches for; asked to CONNECT. "" = none.
  std::string proxy;

  std::chrono::nanoseconds connect_timeout = std::chrono::seconds(2);  // of one server
  bool keep_order = false;                                             // of the servers
  bool ignore_discovered = false;  // of the servers that the cluster tells of
  bool retry_first_connect =
      false;  // connect() returns at once, and reconnecting goes on behind it

  bool reconnect = true;
  int reconnect_max = 60;  // times in a row for each server; < 0 = for ever
  std::chrono::nanoseconds reconnect_wait = std::chrono::seconds(2);  // at least, for each server
  std::chrono::nanoseconds reconnect_jitter = std::chrono::milliseconds(100);
  std::chrono::nanoseconds reconnect_jitter_tls = std::chrono::seconds(1);  // of such servers
  // How long instead, after so many failures of one server in a row; 0 = it was connected.
  std::function<std::chrono::nanoseconds(int failures)> reconnect_delay;
  bool ignore_auth_error = false;          // else the same refusal twice ends the attempts
  std::size_t reconnect_buffer = 8 << 20;  // published meanwhile, bytes; 0 = publishing fails

  // Ends requests that wait with kClosed when the connection breaks; else their time does.
  bool fail_requests_on_disconnect = false;

  std::chrono::nanoseconds ping_interval = std::chrono::minutes(2);
  int pings_out_max = 2;
  std::size_t pending_max = 1 << 20;  // written by the user and not yet to the socket, bytes
  bool echo = true;                   // own messages come back to own subscriptions
  bool verbose = false;               // the server says +OK to all; to find out what it does
  bool pedantic = false;              // it checks subjects of publishes, too
  std::string inbox_prefix = "_INBOX";

  // To a server within this program, without a socket (midge/server.h: Server::in_process()):
  // `servers` and `tls` say nothing then, and the cluster's other servers are not asked.
  std::shared_ptr<InProcess> in_process;

  // Called on the background thread, one at a time; must not wait.
  std::function<void(const Event&)> on_event;
  // Whose thread it is that works for the connection; null: one of its own.
  std::shared_ptr<Runtime> runtime;
};

}  // namespace midge

#pragma GCC visibility pop
