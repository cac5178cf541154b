// Many messages published into a stream as one (ADR-50): atomic batches, of which all is stored or
// nothing, and fast ones, of which each message is stored as it comes, without an acknowledgement
// of its own.
//
//   midge::AtomicBatch batch = js.atomic_batch();
//   batch.add("user.7.street", "Main Street").value();
//   midge::PubAck ack = batch.commit("user.7.town", "Springfield").value();
//
//   midge::FastBatch batch = js.fast_batch();
//   for (const auto& line : lines) batch.add("log.web", line).value();
//   midge::PubAck ack = batch.commit().value();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "midge/deadline.h"
#include "midge/publish.h"
#include "midge/result.h"

#pragma GCC visibility push(default)

namespace midge {

namespace detail {
class JetStreamContext;
}

struct AtomicBatchOptions {
  std::string id;  // at most 64 letters; "" = drawn
  // Each so manieth message waits until the server has it; 0 = the first one alone.
  std::size_t ack_every = 0;
};

// Of streams with allow_atomic. Nothing of a batch can be seen before it is committed; the server
// gives it up when it hears nothing of it for ten seconds. Thread: one at a time; waits, so not in
// callbacks. What `options` of messages say of retries does not count here.
class AtomicBatch {
 public:
  AtomicBatch(AtomicBatch&&) noexcept;
  AtomicBatch& operator=(AtomicBatch&&) noexcept;
  // As abandon().
  ~AtomicBatch();

  // Errors: as JetStream::publish(); an error ends the batch. kClosed: it has ended.
  Result<void> add(std::string_view subject, std::string_view data, PublishOptions options = {},
                   Deadline deadline = kDefaultTimeout);
  // With a last message, or without. Errors: as add(), and whatever a message of the batch is
  // refused for: then nothing of it is stored.
  Result<PubAck> commit(std::string_view subject, std::string_view data,
                        PublishOptions options = {}, Deadline deadline = kDefaultTimeout);
  Result<PubAck> commit(Deadline deadline = kDefaultTimeout);
  // The server is told to forget it, as far as it can be reached. No effect if it has ended.
  void abandon();

  [[nodiscard]] const std::string& id() const;
  [[nodiscard]] std::size_t size() const;  // messages
  [[nodiscard]] bool active() const;       // it has not ended

 private:
  friend class JetStream;
  struct State;
  explicit AtomicBatch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// One message of a batch that is at hand.
struct BatchMessage {
  std::string subject, data;
  PublishOptions options;
};

// What has happened to messages of a fast batch: those from `first` to `last` got lost, or
// `error` says why the one was not stored. They are counted from 1.
struct FastBatchEvent {
  std::uint64_t first = 0, last = 0;
  Error error;
};

// How far the server may lag behind, and who hears of it.
struct FastBatchOptions {
  // The server tells after so many messages at most how far it is, sooner when others are at work.
  std::uint16_t flow = 100;
  // add() waits while it has not told so often.
  std::uint16_t acks_out_max = 2;
  // What gets lost, or is refused, ends the batch unless this is set.
  bool gaps_ok = false;
  // On the background thread; must not wait.
  std::function<void(const FastBatchEvent&)> on_event;
};

// Of streams with allow_batched. Thread: one at a time; waits, so not in callbacks. A batch that is
// let go without a commit stays as it is: what was added is stored.
class FastBatch {
 public:
  FastBatch(FastBatch&&) noexcept;
  FastBatch& operator=(FastBatch&&) noexcept;
  ~FastBatch();

  // The number of the message. Waits for the first one's answer, and later for room. Errors: as
  // JetStream::publish(), of this or an earlier message; kClosed: it has ended.
  Result<std::uint64_t> add(std::string_view subject, std::string_view data,
                            PublishOptions options = {}, Deadline deadline = kDefaultTimeout);
  // With a last message, or without; the acknowledgement is of the last message, its batch_size is
  // their number. Errors: also: some are missing, unless gaps are ok.
  Result<PubAck> commit(std::string_view subject, std::string_view data,
                        PublishOptions options = {}, Deadline deadline = kDefaultTimeout);
  Result<PubAck> commit(Deadline deadline = kDefaultTimeout);
  // Asks how far the server is, which also keeps a batch alive that nothing was added to for some
  // seconds; the server gives it up after ten.
  Result<void> ping();

  [[nodiscard]] const std::string& id() const;
  [[nodiscard]] std::uint64_t size() const;   // messages
  [[nodiscard]] std::uint64_t acked() const;  // that are known to be stored (gaps_ok: or lost)
  [[nodiscard]] bool active() const;          // it has not ended

 private:
  friend class JetStream;
  struct State;
  explicit FastBatch(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace midge

#pragma GCC visibility pop
