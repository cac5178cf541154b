// How a published message becomes part of a stream: its headers, what it expects, deduplication,
// limits; then a sequence and an acknowledgement. Thread: the loop's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "broker/message.h"
#include "jetstream/api/error.h"
#include "jetstream/fwd.h"
#include "store/ids.h"
#include "subject/transform.h"

namespace midge::jetstream {

// What of a message's headers concerns the stream. Views into the header block.
struct IngestHeaders {
  std::string_view message_id, expected_stream, expected_last_message_id, rollup, ttl;
  std::string_view expected_last_subject;  // of expected_last_subject_sequence
  std::optional<std::uint64_t> expected_last_sequence, expected_last_subject_sequence;
  std::string_view batch_id, batch_sequence, batch_commit;
  std::string_view increment, schedule, stream_source, required_api_level;
  bool any = false;

  static IngestHeaders parse(std::string_view block);
};

// As a publisher is told.
struct PublishAck {
  store::Sequence sequence;
  bool duplicate = false;
  std::string value;  // of a counter
  std::string batch;
  std::uint64_t batch_count = 0;
};

class Ingest {
 public:
  explicit Ingest(Stream& stream) : stream_(stream) {}

  // After each change of the stream's configuration.
  void configure();
  // One message, as published. The answer goes through the shard.
  void take(const broker::Message& message, WallTime now);

 private:
  // Nullopt: nothing is to be said.
  using Outcome = ApiResult<std::optional<PublishAck>>;
  Outcome process(std::string_view subject, const broker::Message& message, WallTime now);
  [[nodiscard]] std::optional<ApiError> check_expectations(const IngestHeaders& headers,
                                                           std::string_view subject);
  [[nodiscard]] std::optional<ApiError> check_limits(std::string_view subject, std::size_t size);
  void answer(std::string_view reply, const Outcome& outcome);
  void republish(store::Sequence sequence, store::Sequence before, std::string_view subject,
                 const broker::Message& message, WallTime now);

  Stream& stream_;
  std::optional<subject::Transform> transform_;
  std::optional<subject::Transform> republish_;
  std::string mapped_;
  std::string ack_start_;  // `{"stream":"A","seq":`
  std::string last_message_id_;
};

}  // namespace midge::jetstream
