// What a message says to the stream that it is published into, and what the stream says to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "midge/message.h"

#pragma GCC visibility push(default)

namespace midge {

// Which messages go when this one is stored: those before it on its subject, or all. Of streams
// with allow_rollup.
enum class Rollup : std::uint8_t { kNone, kSubject, kAll };

// What the message says to the stream, besides its own headers.
struct PublishOptions {
  Headers headers;
  std::string message_id;       // of which the stream keeps one only, within its window
  std::string expected_stream;  // else the message is refused; so with the others
  std::optional<std::uint64_t> expected_last_sequence;
  std::optional<std::uint64_t> expected_last_subject_sequence;
  std::string expected_last_subject;  // the one meant by that; "" = the message's
  std::string expected_last_message_id;
  std::chrono::nanoseconds ttl{};  // whole seconds; < 0 = never, 0 = as the stream says
  // Published by the stream, later (ADR-51): `@at 2030-01-01T00:00:00Z`, `@every 5m`, …
  std::string schedule, schedule_target, schedule_source, schedule_time_zone;
  std::chrono::nanoseconds schedule_ttl{};
  std::string counter_increment;  // `+1`: of streams that count
  Rollup rollup = Rollup::kNone;
  // While nobody takes it: the first leader is not there yet, or no stream has the subject.
  int retries = 2;
  std::chrono::nanoseconds retry_wait = std::chrono::milliseconds(250);
};

// What a stream says to a message that it has stored.
struct PubAck {
  std::string stream, domain;
  std::uint64_t sequence = 0;
  bool duplicate = false;
  std::string value;  // of a counter, after the increment
  std::string batch_id;
  std::uint64_t batch_size = 0;
};

}  // namespace midge

#pragma GCC visibility pop
