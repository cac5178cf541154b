// A message that a consumer has delivered, and what the receiver says to that.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "midge/deadline.h"
#include "midge/message.h"
#include "midge/result.h"
#include "midge/stream_config.h"

#pragma GCC visibility push(default)

namespace midge {

namespace detail {
class JetStreamContext;
struct DeliveryMaker;
}  // namespace detail

// What the subject for answers says. Views are good for as long as the delivery is.
struct DeliveryMetadata {
  std::string_view domain, stream, consumer;
  std::uint64_t deliveries = 0;  // of this message, with this one
  std::uint64_t stream_sequence = 0, consumer_sequence = 0;
  Time time{};                // when it was stored
  std::uint64_t pending = 0;  // messages still to come
};

// As with Message: what a callback gets lies in the receive buffer, a copy keeps it.
class Delivery {
 public:
  Delivery() = default;

  [[nodiscard]] const Message& message() const { return message_; }
  [[nodiscard]] std::string_view subject() const { return message_.subject(); }
  [[nodiscard]] std::string_view data() const { return message_.data(); }
  // As Message::header().
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const {
    return message_.header(name);
  }
  // Errors: kInvalid (the message came from no consumer).
  [[nodiscard]] Result<DeliveryMetadata> metadata() const;

  // These return when the answer is on its way. Errors: kClosed, kNoSpace, kInvalid (nobody waits
  // for an answer).
  Result<void> ack() const;
  // Delivered again, at once or after `delay`.
  Result<void> nak(std::chrono::nanoseconds delay = {}) const;
  // The time to ack begins anew.
  Result<void> in_progress() const;
  // Never again; `reason` goes into the advisory.
  Result<void> term(std::string_view reason = {}) const;
  // Returns once the server has taken note. Errors: also kTimeout, kCancelled, kNoResponders.
  Result<void> ack_and_wait(Deadline deadline = kDefaultTimeout) const;

 private:
  friend struct detail::DeliveryMaker;
  Delivery(Message message, std::shared_ptr<detail::JetStreamContext> context)
      : message_(std::move(message)), context_(std::move(context)) {}
  Result<void> answer(std::string_view text) const;

  Message message_;
  std::shared_ptr<detail::JetStreamContext> context_;
};

}  // namespace midge

#pragma GCC visibility pop
