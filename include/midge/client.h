// midge: a client of NATS.
//
//   auto client = midge::Client::connect("nats://127.0.0.1:4222").value();
//   auto sub = client.subscribe("greet.*", [](const midge::Message& m) { … }).value();
//   client.publish("greet.joe", "hello").value();
//   midge::Message answer = client.request("help", "please", 2s).value();
//
// A Client is a handle: copies are the same connection, which is closed with the last of them.
// Thread: any, at the same time, for everything. Callbacks run on the connection's background
// thread and must not wait: calls that would are refused there with kInvalid.
//
// A callback that holds the Client keeps the connection open: let it hold what it needs of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "midge/deadline.h"
#include "midge/message.h"
#include "midge/options.h"
#include "midge/result.h"
#include "midge/runtime.h"
#include "midge/subscription.h"

#pragma GCC visibility push(default)

namespace midge {

namespace detail {
struct ClientAccess;
}

// Where a connection stands in its life.
enum class Status : unsigned char { kConnecting, kConnected, kReconnecting, kDraining, kClosed };

// Counts since the connection was made. Bytes are of headers and data.
struct ClientFigures {
  std::uint64_t in_messages = 0, in_bytes = 0;
  std::uint64_t out_messages = 0, out_bytes = 0;
  std::uint64_t reconnects = 0;
  std::size_t waiting_bytes = 0;  // of frames that wait to be sent
};

// What the connected server has said of itself and of us.
struct ServerInfo {
  std::string id, name, version;
  std::string cluster;  // "" = none
  std::uint64_t client_id = 0;
  std::string client_ip;
  std::size_t max_payload = 0;
  bool headers = false, jetstream = false;
  bool auth_required = false, tls_required = false;
  bool lame_duck = false;
};

// When a request for many answers has enough.
struct ManyOptions {
  std::size_t count = 0;                                              // 0 = as many as come
  std::chrono::nanoseconds stall = std::chrono::nanoseconds::zero();  // since the last; 0 = none
  std::function<bool(const Message&)> is_last;                        // the sentinel, not returned
};

// A connection to a NATS system.
class Client {
 public:
  Client() = default;  // not connected: every call fails with kClosed

  // Connects to one of the servers, separated by commas. Errors: the last server's.
  static Result<Client> connect(std::string_view servers);
  static Result<Client> connect(Options options);

  // Copies the bytes; they are sent soon. Waits only if options.pending_max bytes wait already.
  // Errors: kInvalid (subject), kTooLarge (for the server), kNoSpace (while reconnecting), kClosed,
  // kTimeout (the server takes nothing).
  Result<void> publish(std::string_view subject, std::string_view data,
                       std::string_view reply = {}) const;
  Result<void> publish(std::string_view subject, const Headers& headers, std::string_view data,
                       std::string_view reply = {}) const;
  // To whoever waits for it. Errors: as publish(); kInvalid: the message wants no answer.
  Result<void> respond(const Message& to, std::string_view data) const;

  // With a callback, on the background thread, or to be asked with next(). Errors: kInvalid
  // (subject, queue), kClosed. What the server refuses comes as an event, and is the subscription's
  // error().
  Result<Subscription> subscribe(std::string_view subject, Subscription::Callback callback,
                                 SubscribeOptions options = {}) const;
  Result<Subscription> subscribe(std::string_view subject, SubscribeOptions options = {}) const;

  // One answer. Errors: kTimeout, kCancelled, kNoResponders, kPermission (inboxes may not be
  // subscribed to), and as publish().
  Result<Message> request(std::string_view subject, std::string_view data,
                          Deadline deadline = kDefaultTimeout) const;
  Result<Message> request(std::string_view subject, const Headers& headers, std::string_view data,
                          Deadline deadline = kDefaultTimeout) const;
  // The same without waiting: `done` is called once, on the background thread. An error: it is not.
  using OnAnswer = std::function<void(Result<Message>)>;
  Result<void> request_async(std::string_view subject, std::string_view data, OnAnswer done,
                             Deadline deadline = kDefaultTimeout) const;
  Result<void> request_async(std::string_view subject, const Headers& headers,
                             std::string_view data, OnAnswer done,
                             Deadline deadline = kDefaultTimeout) const;
  // All answers until there are enough, or the time is over, which is no error. Errors: as
  // request().
  Result<std::vector<Message>> request_many(std::string_view subject, std::string_view data,
                                            ManyOptions options = {},
                                            Deadline deadline = kDefaultTimeout) const;
  // A subject for answers that no one else has.
  [[nodiscard]] std::string new_inbox() const;

  // Returns once the server has taken all that was published before. Errors: kTimeout, kCancelled,
  // kClosed (also: the connection was lost meanwhile).
  Result<void> flush(Deadline deadline = kDefaultTimeout) const;
  // The same without waiting: `done` is called once, on the background thread. An error: it is not.
  Result<void> flush_async(std::function<void(Result<void>)> done,
                           Deadline deadline = kDefaultTimeout) const;
  // How long that takes for nothing.
  Result<Timeout> rtt(Deadline deadline = kDefaultTimeout) const;
  // Ends all subscriptions as Subscription::drain() does, sends what waits, closes.
  Result<void> drain(Deadline deadline = kDefaultTimeout) const;
  // At once; what waits to be sent is lost. Idempotent.
  void close() const;
  // Drops the connection and connects anew, perhaps elsewhere.
  void force_reconnect() const;
  // As Runtime::poll(), of a connection that has a polled runtime.
  Result<std::size_t> poll(Deadline deadline = std::chrono::nanoseconds(0)) const;

  [[nodiscard]] Status status() const;
  [[nodiscard]] ClientFigures figures() const;
  [[nodiscard]] std::string connected_url() const;         // "" = not connected
  [[nodiscard]] std::string connected_server() const;      // its name
  [[nodiscard]] ServerInfo server_info() const;            // empty: not connected
  [[nodiscard]] std::vector<std::string> servers() const;  // known ones
  [[nodiscard]] std::size_t max_payload() const;           // bytes; 0 = not known yet
  [[nodiscard]] std::string last_error() const;

 private:
  friend struct detail::ClientAccess;
  struct State;
  explicit Client(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace midge

#pragma GCC visibility pop
