// JetStream through a client: streams, and publishing into them.
//
//   midge::JetStream js(client);
//   auto stream = js.create_stream({.name = "ORDERS", .subjects = {"orders.>"}}).value();
//   midge::PubAck ack = js.publish("orders.new", "42", {.message_id = "42"}).value();
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "midge/client.h"
#include "midge/publish.h"
#include "midge/publish_batch.h"
#include "midge/stream.h"

#pragma GCC visibility push(default)

namespace midge {

// How a JetStream is reached, and how much may be under way.
struct JetStreamOptions {
  std::string domain;                 // "" = the server's
  std::string prefix = "$JS.API";     // of the API; the domain's if there is one
  Timeout timeout = kDefaultTimeout;  // of what is done in the background
  // Asynchronous publishes without an answer yet; more wait.
  std::size_t publish_pending_max = 4000;
};

// What an account uses and may use: counts, and bytes of `memory` and `storage`. Limits: -1 = none.
struct AccountTier {
  std::uint64_t memory = 0, storage = 0, reserved_memory = 0, reserved_storage = 0;
  std::int64_t streams = 0, consumers = 0;
  std::int64_t max_memory = 0, max_storage = 0, max_streams = 0, max_consumers = 0;
  std::int64_t max_ack_pending = 0, memory_max_stream_bytes = 0, storage_max_stream_bytes = 0;
  bool max_bytes_required = false;
};

// What an account has of JetStream: in all, and by tier (`R1`, `R3`).
struct AccountInfo {
  AccountTier total;
  std::map<std::string, AccountTier> tiers;
  std::string domain;
  std::int64_t api_level = 0;
  std::uint64_t api_total = 0, api_errors = 0;
};

// A handle; copies share the window of asynchronous publishes. Keeps the client. Thread: any.
// Errors of all calls: as Consumer's.
class JetStream {
 public:
  // Asks nothing of the server yet.
  explicit JetStream(Client client, JetStreamOptions options = {});

  // What the account uses, and may use.
  Result<AccountInfo> account_info(Deadline deadline = kDefaultTimeout) const;

  // Returns once it is stored. Errors: kServer, also with what was expected and is not so.
  Result<PubAck> publish(std::string_view subject, std::string_view data,
                         PublishOptions options = {}, Deadline deadline = kDefaultTimeout) const;
  // `done` (may be empty) is called once, on the background thread. Waits while
  // publish_pending_max are under way. Errors: kTimeout, kCancelled; in a callback kNoSpace.
  using OnPubAck = std::function<void(Result<PubAck>)>;
  Result<void> publish_async(std::string_view subject, std::string_view data,
                             OnPubAck done = nullptr, PublishOptions options = {},
                             Deadline deadline = kDefaultTimeout) const;
  // Returns when all asynchronous publishes have come to an end, with `done` called.
  Result<void> publish_complete(Deadline deadline = kDefaultTimeout) const;
  [[nodiscard]] std::size_t publish_pending() const;

  // Many messages as one (midge/publish_batch.h). Nothing is sent before the first message.
  [[nodiscard]] AtomicBatch atomic_batch(AtomicBatchOptions options = {}) const;
  [[nodiscard]] FastBatch fast_batch(FastBatchOptions options = {}) const;
  // All of `messages`, or none. Errors: as AtomicBatch's.
  Result<PubAck> publish_atomically(std::span<const BatchMessage> messages,
                                    AtomicBatchOptions options = {},
                                    Deadline deadline = kDefaultTimeout) const;

  // Errors: one of that name is there with another configuration.
  Result<Stream> create_stream(const StreamConfig& config,
                               Deadline deadline = kDefaultTimeout) const;
  Result<Stream> update_stream(const StreamConfig& config,
                               Deadline deadline = kDefaultTimeout) const;
  Result<Stream> create_or_update_stream(const StreamConfig& config,
                                         Deadline deadline = kDefaultTimeout) const;
  Result<Stream> stream(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  Result<void> delete_stream(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  // `subject`: those that have messages of it; "" = all.
  Result<std::vector<std::string>> stream_names(std::string_view subject = {},
                                                Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<StreamInfo>> streams(std::string_view subject = {},
                                          Deadline deadline = kDefaultTimeout) const;
  // Errors: kNotFound.
  Result<std::string> stream_of(std::string_view subject,
                                Deadline deadline = kDefaultTimeout) const;

  [[nodiscard]] const Client& client() const;

 private:
  friend class KeyValue;
  friend class KeyValueStore;
  friend class ObjectStores;
  Result<Stream> ask_stream(std::string_view verb, std::string_view name, std::string_view body,
                            const Deadline& deadline) const;
  std::shared_ptr<detail::JetStreamContext> context_;
};

}  // namespace midge

#pragma GCC visibility pop
