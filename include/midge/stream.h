// A stream: its messages and its consumers.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "midge/consumer.h"
#include "midge/deadline.h"
#include "midge/message.h"
#include "midge/result.h"
#include "midge/stream_config.h"

#pragma GCC visibility push(default)

namespace midge {

namespace detail {
class JetStreamContext;
struct ReadTerms;
}  // namespace detail

// What is told besides.
struct StreamInfoOptions {
  bool deleted_details = false;
  std::string subjects_filter;  // `>`: all subjects with their messages
};

// Which messages go. Nothing set: all.
struct PurgeOptions {
  std::string filter;          // "" = all subjects
  std::uint64_t sequence = 0;  // only what lies before it; 0 = no matter where
  std::uint64_t keep = 0;      // so many of the last
};

// A message as it lies in the stream.
struct StoredMessage {
  Message message;  // its headers and data
  std::string subject;
  std::uint64_t sequence = 0;
  Time time{};
  std::uint64_t pending = 0;  // of batches: messages still to come

  [[nodiscard]] std::string_view data() const { return message.data(); }
  // As Message::header().
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return message.header(name);
  }
};

// Many messages by one request, from streams that allow direct reading.
struct BatchOptions {
  std::size_t max_messages = 0;         // of one subject pattern; needed unless multi_last
  std::size_t max_bytes = 0;            // 0 = no limit
  std::uint64_t start_sequence = 0;     // from there on
  std::optional<Time> start_time;       // or from then on
  std::string subject;                  // with one subject: next messages that match it
  std::vector<std::string> multi_last;  // or the last message of each subject that matches
  std::uint64_t up_to_sequence = 0;     // with multi_last: as it was then
  std::optional<Time> up_to_time;
};

// A handle. Thread: any. Errors of all calls: as Consumer's.
class Stream {
 public:
  [[nodiscard]] const std::string& name() const;
  // As it was when the handle was made.
  [[nodiscard]] const StreamInfo& cached_info() const;
  Result<StreamInfo> info(StreamInfoOptions options = {},
                          Deadline deadline = kDefaultTimeout) const;
  // How many messages went.
  Result<std::uint64_t> purge(PurgeOptions options = {}, Deadline deadline = kDefaultTimeout) const;

  // Reads directly where the stream allows it, through the API else. Errors: also kNotFound.
  Result<StoredMessage> message(std::uint64_t sequence, Deadline deadline = kDefaultTimeout) const;
  // The first of that subject from `sequence` on.
  Result<StoredMessage> next_message(std::string_view subject, std::uint64_t sequence,
                                     Deadline deadline = kDefaultTimeout) const;
  Result<StoredMessage> last_message(std::string_view subject,
                                     Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<StoredMessage>> batch(BatchOptions options,
                                           Deadline deadline = kDefaultTimeout) const;
  Result<void> delete_message(std::uint64_t sequence, Deadline deadline = kDefaultTimeout) const;
  // The same, and its bytes are overwritten.
  Result<void> erase_message(std::uint64_t sequence, Deadline deadline = kDefaultTimeout) const;

  // Errors: one of that name is there with another configuration.
  Result<Consumer> create_consumer(ConsumerConfig config,
                                   Deadline deadline = kDefaultTimeout) const;
  // Errors: there is none.
  Result<Consumer> update_consumer(ConsumerConfig config,
                                   Deadline deadline = kDefaultTimeout) const;
  Result<Consumer> create_or_update_consumer(ConsumerConfig config,
                                             Deadline deadline = kDefaultTimeout) const;
  Result<Consumer> consumer(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  // Nothing is made before it is used.
  [[nodiscard]] OrderedConsumer ordered_consumer(OrderedConsumerOptions options = {}) const;
  Result<void> delete_consumer(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<std::string>> consumer_names(Deadline deadline = kDefaultTimeout) const;
  Result<std::vector<ConsumerInfo>> consumers(Deadline deadline = kDefaultTimeout) const;

  // Whether, and how long still, a consumer delivers nothing.
  struct Pause {
    bool paused = false;
    Time until{};
    std::chrono::nanoseconds remaining{};
  };
  // Delivers nothing until then; resumed: at once.
  Result<Pause> pause_consumer(std::string_view name, Time until,
                               Deadline deadline = kDefaultTimeout) const;
  Result<Pause> resume_consumer(std::string_view name, Deadline deadline = kDefaultTimeout) const;
  // Delivers from `sequence` on, whatever was delivered or acked before; 0 = from its ack floor on.
  Result<ConsumerInfo> reset_consumer(std::string_view name, std::uint64_t sequence = 0,
                                      Deadline deadline = kDefaultTimeout) const;
  // Another client of the group takes over.
  Result<void> unpin_consumer(std::string_view name, std::string_view group,
                              Deadline deadline = kDefaultTimeout) const;

 private:
  friend class JetStream;
  struct State;
  Result<StoredMessage> read(const detail::ReadTerms& terms, const Deadline& deadline) const;
  Result<Consumer> ask_consumer(ConsumerConfig config, std::string_view action,
                                const Deadline& deadline) const;
  Result<std::string> consumer_call(std::string_view verb, std::string_view consumer) const;
  explicit Stream(std::shared_ptr<State> state) : state_(std::move(state)) {}
  std::shared_ptr<State> state_;
};

}  // namespace midge

#pragma GCC visibility pop
